// Interactive cards: how they look to the person who is spoken as.

import { h } from './dom.js'
import { me, model } from './model.js'
import { cleaned } from './parts.js'
import { say } from './preferences.js'

/** The element of a card. */
export function drawCard(card) {
  const face = card.faces[me().key] ?? card.faces['']
  const presses = model.pressed.get(card.id) ?? []
  const last = presses.at(-1)
  return h(
    'section',
    { class: 'card', data: { state: card.state } },
    face.title && h('h3', {}, face.title),
    face.html && h('div', { class: 'markdown' }, cleaned(face.html, card)),
    face.rows && h('dl', { class: 'rows' }, face.rows.flatMap(([name, value]) => [h('dt', {}, name), h('dd', {}, value)])),
    card.state && card.state !== 'finished' && h('p', { class: 'card-state', role: 'status' }, say(`cardState.${card.state}`)),
    face.buttons && h('div', { class: 'buttons', data: { count: String(face.buttons.length) } }, face.buttons.map((each) => button(card, each))),
    face.tips && h('p', { class: 'tips' }, face.tips),
    last && h('p', { class: 'tips' }, say('pressed', { name: nameOf(last.user_id), action: last.action })),
  )
}

function button(card, { label, address, action, colour }) {
  const data = action ? { action, card: card.track } : { address: address ?? '' }
  return h('button', { type: 'button', class: 'card-button', data: { ...data, colour: colour ?? '' } }, label)
}

function nameOf(key) {
  return model.status.people.find((person) => person.key === key)?.nick ?? key
}
