// The list of conversations, and the head of the one that is open.

import { avatar, element, iconButton, the } from './dom.js'
import { wordsOf } from './messages.js'
import { choose, conversations, linesOf, model, open, unread } from './model.js'
import { clock, say } from './preferences.js'

/** Draws the list. `changed` is called when another conversation is opened. */
export function drawConversations(changed) {
  const focused = document.activeElement?.closest('#conversations')
    ? document.activeElement.dataset.place
    : null
  the('conversations').replaceChildren(...conversations().map((each) => row(each, changed)))
  if (focused)
    the('conversations')
      .querySelector(`[data-place="${CSS.escape(focused)}"]`)
      ?.focus()
}

/** Opens the conversation that stands so many places further down, or up. */
export function move(step, changed) {
  const all = conversations()
  const at = all.findIndex((each) => each.place === open().place)
  choose('place', all[(at + step + all.length) % all.length].place)
  changed()
}

function row(each, changed) {
  const current = each.place === open().place
  const last = linesOf(each.place)
    .filter((line) => !model.recalled.has(line.number))
    .at(-1)
  const count = current ? 0 : unread(each.place)
  return element(
    'li',
    {},
    element(
      'button',
      {
        type: 'button',
        class: 'conversation',
        'aria-current': current ? 'true' : null,
        data: { place: each.place },
        onclick: () => {
          choose('place', each.place)
          the('app').dataset.view = 'chat'
          changed({ focus: true })
        },
        onkeydown: (event) => step(event),
      },
      avatar(each.title, each.kind),
      element(
        'span',
        { class: 'title' },
        each.title,
        each.kind === 'robot' && element('span', { class: 'tag' }, say('robot')),
      ),
      element('span', { class: 'time' }, last ? clock(last.time) : ''),
      element('span', { class: 'preview' }, last ? previewOf(last, each.kind === 'group') : ''),
      count > 0 &&
        element(
          'span',
          { class: 'badge' },
          element('span', { 'aria-hidden': 'true' }, String(Math.min(count, 99))),
          element('span', { class: 'unseen' }, say('unread', { count })),
        ),
    ),
  )
}

function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!by) return
  event.preventDefault()
  const buttons = [...the('conversations').querySelectorAll('button')]
  buttons[(buttons.indexOf(event.currentTarget) + by + buttons.length) % buttons.length].focus()
}

function previewOf(line, withAuthor) {
  const words = line.card ? wordsOf(line) : line.preview || kindOf(line)
  return withAuthor ? `${line.author}: ${words}` : words
}

function kindOf({ parts }) {
  const shown = parts.find((part) => !['text', 'markdown', 'buttons'].includes(part.kind))
  return shown ? say(`kinds.${shown.kind}`) : ''
}

/** Draws the head of the open conversation. */
export function drawHead() {
  const { title, kind } = open()
  const states = Object.values(model.status.open)
  const alive = states.includes('open')
  const link = element(
    'span',
    { class: 'link', data: { alive: String(alive) } },
    say(alive ? 'connected' : 'disconnected'),
    states.length > 1 && ` · ${say('links', { count: states.length })}`,
  )
  const back = iconButton(
    'back',
    say('back'),
    () => {
      the('app').dataset.view = 'list'
      the('conversations').querySelector('[aria-current]')?.focus()
    },
    { class: 'icon-button back' },
  )
  const about =
    kind === 'group'
      ? element('span', { class: 'tag quiet' }, say('group'))
      : element('span', { class: 'tag' }, say('robot'))
  the('chat-head').replaceChildren(back, element('h2', {}, title), about, link)
  document.title = `${title} · dingbridge`
}
