// The rail: whom one speaks as, and the page's own buttons.

import { avatar, element, iconButton, the } from './dom.js'
import { choose, conversations, me, model, unread } from './model.js'
import { change, preferences, say } from './preferences.js'

const THEME_ICONS = { auto: 'auto', light: 'sun', dark: 'moon' }

/** Draws the people, one of whom is chosen. `changed` is called when another one is. */
export function drawPeople(changed) {
  const legend = the('people').querySelector('legend')
  the('people').replaceChildren(
    legend,
    ...model.status.people.map((person) => choice(person, changed)),
  )
}

function choice(person, changed) {
  const waiting = conversations(person).reduce((sum, each) => sum + unread(each.place, person), 0)
  return element(
    'label',
    { class: 'person', data: { kind: person.kind } },
    element('input', {
      type: 'radio',
      name: 'me',
      value: person.key,
      checked: person.key === me().key,
      class: 'unseen',
      onchange: () => {
        choose('me', person.key)
        changed()
      },
    }),
    avatar(person.nick),
    waiting > 0 &&
      person.key !== me().key &&
      element(
        'span',
        { class: 'dot' },
        element('span', { class: 'unseen' }, say('unread', { count: waiting })),
      ),
    element('span', { class: 'nick' }, person.nick),
    element('span', { class: 'role' }, say(person.kind)),
  )
}

/** Draws the buttons for the wire, language and colours. */
export function drawTools({ showWire, wireShown, changed }) {
  const turn = (what) => () => {
    change(what)
    changed()
    the('tools').querySelector(`[data-tool="${what}"]`)?.focus()
  }
  the('tools').replaceChildren(
    iconButton('wire', say('showWire'), showWire, {
      'aria-expanded': String(wireShown),
      'aria-controls': 'wire',
      data: { tool: 'wire' },
    }),
    iconButton(THEME_ICONS[preferences.theme], say(`theme.${preferences.theme}`), turn('theme'), {
      data: { tool: 'theme' },
    }),
    iconButton('language', say('language'), turn('language'), { data: { tool: 'language' } }),
  )
}
