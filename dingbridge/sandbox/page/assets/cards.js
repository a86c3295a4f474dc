// Interactive cards: how they look to the person who is spoken as.

import { element } from './dom.js'
import { me, model } from './model.js'
import { cleaned } from './parts.js'
import { say } from './preferences.js'

/** The element of a card. */
export function drawCard(card) {
  const face = card.faces[me().key] ?? card.faces['']
  const presses = model.pressed.get(card.id) ?? []
  const last = presses.at(-1)
  return element(
    'section',
    { class: 'card', data: { state: card.state } },
    face.title && element('h3', {}, face.title),
    face.html && element('div', { class: 'markdown' }, cleaned(face.html, card)),
    face.rows?.length > 0 &&
      element(
        'dl',
        { class: 'rows' },
        face.rows.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]),
      ),
    card.state &&
      card.state !== 'finished' &&
      element('p', { class: 'card-state', role: 'status' }, say(`cardState.${card.state}`)),
    face.buttons?.length > 0 &&
      element(
        'div',
        { class: 'buttons', data: { count: String(face.buttons.length) } },
        face.buttons.map((each) => button(card, each)),
      ),
    face.tips && element('p', { class: 'tips' }, face.tips),
    last &&
      element(
        'p',
        { class: 'tips' },
        say('pressed', { name: nameOf(last.user_id), action: last.action }),
      ),
  )
}

function button(card, { label, address, action, colour }) {
  const data = action ? { action, card: card.track } : { address: address ?? '' }
  return element(
    'button',
    { type: 'button', class: 'card-button', data: { ...data, colour: colour ?? '' } },
    label,
  )
}

function nameOf(key) {
  return model.status.people.find((person) => person.key === key)?.nick ?? key
}
