// The messages of the open conversation.

import { drawCard } from './cards.js'
import { avatar, element, iconButton, the } from './dom.js'
import { linesOf, me, model, open } from './model.js'
import { drawPart } from './parts.js'
import { clock, day, say } from './preferences.js'

const NEAR_END = 80
const GAP = 300
const drawnMessages = new Map()
let follows = true
let top = 0

/** Stays at the end of `log`, if that is in sight, whatever grows: a picture that comes late, or
    the draft below. */
export function watch(log) {
  const stay = () => {
    if (follows) toEnd()
  }
  log.addEventListener('load', stay, true)
  new ResizeObserver(stay).observe(log)
  log.addEventListener('scroll', () => {
    // The event may come after something has grown: only a way up is somebody's own.
    follows = isAtEnd(log) || (follows && log.scrollTop >= top)
    top = log.scrollTop
    if (follows) the('newer').hidden = true
  })
}

/** Draws all messages, and shows the end. */
export function drawAll() {
  const lines = linesOf(open().place)
  const words = open().kind === 'group' ? 'emptyGroup' : 'empty'
  drawnMessages.clear()
  the('log').replaceChildren(
    ...(lines.length
      ? lines.flatMap((line, at) => drawn(line, lines[at - 1]))
      : [element('p', { class: 'nothing' }, say(words))]),
  )
  toEnd()
}

/** Draws those of these messages that belong here; stays at the end if it was shown. */
export function drawChanged(ids) {
  const lines = linesOf(open().place)
  const log = the('log')
  let arrived = false
  for (const [at, line] of lines.entries()) {
    if (!ids.has(line.id)) continue
    const old = drawnMessages.get(line.id)
    if (old) {
      const focused = old.contains(document.activeElement)
        ? (document.activeElement.dataset.action ?? '')
        : null
      const made = message(line)
      old.replaceWith(made)
      if (focused !== null)
        (made.querySelector(`[data-action="${CSS.escape(focused)}"]`) ?? made).focus()
      continue
    }
    log.querySelector('.nothing')?.remove()
    const after = lines
      .slice(at + 1)
      .map((each) => drawnMessages.get(each.id))
      .find(Boolean)
    const made = drawn(line, lines[at - 1])
    if (after) after.before(...made)
    else log.append(...made)
    arrived = true
  }
  if (follows) toEnd()
  else if (arrived) the('newer').hidden = false
}

function isAtEnd(log) {
  return log.scrollHeight - log.scrollTop - log.clientHeight < NEAR_END
}

/** Shows the last message. */
export function toEnd() {
  const log = the('log')
  log.scrollTop = log.scrollHeight
  follows = true
  top = log.scrollTop
  the('newer').hidden = true
}

/** Goes to the next message in the list, or the one before. */
export function step(event) {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  if (!by || event.target.closest('textarea')) return
  const all = [...the('log').querySelectorAll('.message')]
  const here = document.activeElement.closest('.message')
  const next = here ? all[all.indexOf(here) + by] : all.at(-1)
  if (!next) return
  event.preventDefault()
  next.focus()
}

function drawn(line, before) {
  const made = [message(line)]
  if (!before || line.time - before.time > GAP)
    made.unshift(
      element(
        'p',
        { class: 'day' },
        before && sameDay(line, before)
          ? clock(line.time)
          : `${day(line.time)} ${clock(line.time)}`,
      ),
    )
  return made
}

const sameDay = (one, other) =>
  new Date(one.time * 1000).toDateString() === new Date(other.time * 1000).toDateString()

function message(line) {
  const made = elementOf(line)
  drawnMessages.set(line.id, made)
  return made
}

function elementOf(line) {
  if (model.recalled.has(line.number))
    return element(
      'p',
      { class: 'recalled', data: { id: line.id } },
      say('recalled', { name: line.author }),
    )
  const mine = line.person === me().key && !line.card
  const robot = !line.person
  const body = line.card ? drawCard(line) : bubble(line)
  return element(
    'article',
    {
      class: 'message',
      tabIndex: -1,
      data: { id: line.id, mine: String(mine), robot: String(robot) },
      'aria-label': `${line.author} ${clock(line.time)}`,
    },
    avatar(line.author, robot ? 'robot' : 'person'),
    element(
      'p',
      { class: 'author' },
      line.author,
      robot && element('span', { class: 'tag' }, say('robot')),
      element('time', {}, clock(line.time)),
    ),
    element(
      'div',
      { class: 'body' },
      body,
      iconButton('reply', say('answer'), null, {
        class: 'icon-button answer',
        data: { action: 'answer', quote: line.id },
      }),
    ),
    ...below(line, mine),
  )
}

function bubble(line) {
  const bare = line.parts.length === 1 && ['picture', 'file', 'entry'].includes(line.parts[0].kind)
  return element(
    'div',
    { class: bare ? 'bare' : 'bubble' },
    line.quote && quoted(line.quote),
    line.parts.map((part) => drawPart(part, line)),
  )
}

function quoted(id) {
  const found = model.messages.get(id)
  if (!found) return element('blockquote', { class: 'quoted' }, say('quoteGone'))
  return element('blockquote', { class: 'quoted' }, `${found.author}: ${wordsOf(found)}`)
}

/** A message in a few words, for quotes of it. */
export function wordsOf(line) {
  if (line.card) return line.faces[''].title || say('kinds.card')
  return line.words || say(`kinds.${line.parts[0].kind}`)
}

function below(line, mine) {
  const labels = model.reactions.get(line.id) ?? []
  const robot = model.status.robot
  const made = []
  if (labels.length)
    made.push(
      element(
        'ul',
        { class: 'reactions' },
        labels.map((label) =>
          element(
            'li',
            { title: say('reaction', { label, robot }) },
            element('span', { class: 'label' }, label),
            ' ',
            robot,
          ),
        ),
      ),
    )
  const fate = mine ? fateOf(line) : null
  if (fate)
    made.push(
      element(
        'p',
        { class: 'fate', data: { fate: fate[0] }, title: fate[1] },
        element('span', { 'aria-hidden': 'true' }, fate[2] ?? fate[1]),
        element('span', { class: 'unseen' }, fate[1]),
      ),
    )
  return made
}

function fateOf(line) {
  const again = line.deliveries > 1 ? ` · ${say('again', { count: line.deliveries })}` : ''
  if (line.lost) return ['lost', say(`lost.${line.lost}`) + again]
  const [ack, frame] = [model.acks.get(line.header), model.frames.get(line.header)]
  if (!ack) return ['waiting', say('waiting') + again]
  const ms = frame ? Math.max(0, Math.round((ack.time - frame.time) * 1000)) : 0
  return ['got', say('got', { ms }) + again, `✓ ${ms} ms${again}`]
}
