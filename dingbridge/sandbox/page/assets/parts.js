// One part of a message as DingTalk draws it.

import { h, icon } from './dom.js'
import { fragment } from './html.js'
import { bytes, say } from './preferences.js'

const DRAWN = { text, markdown, picture, file, voice, video, buttons, entry }

/** The elements of a part; `message` is the one that it belongs to. */
export function drawPart(part, message) {
  return DRAWN[part.kind](part, message)
}

function text(part, message) {
  return h('div', { class: 'text' }, cleaned(part.html, message))
}

function markdown(part, message) {
  return h('div', { class: 'markdown' }, cleaned(part.html, message))
}

/** Cleaned HTML; also that of cards. */
export function cleaned(html, message) {
  return fragment(html ?? '', { mentions: message.mentions, otherHost: say('elsewhere') })
}

function picture(part) {
  if (part.source) return h('p', { class: 'elsewhere' }, `${say('elsewhere')} ${part.source}`)
  return h('img', { class: 'picture', src: part.path, alt: say('kinds.picture'), tabIndex: 0, data: { picture: part.path } })
}

function file(part) {
  const ending = part.name.includes('.') ? part.name.split('.').pop().slice(0, 4).toUpperCase() : ''
  return h(
    'a',
    { class: 'file', href: part.path, download: part.name, 'aria-label': say('save', { name: part.name }) },
    h('span', { class: 'file-icon', 'aria-hidden': 'true' }, ending || icon('file')),
    h('span', { class: 'file-name' }, part.name),
    h('span', { class: 'file-size' }, part.size ? bytes(part.size) : ''),
  )
}

function voice(part) {
  const seconds = Math.max(1, Math.round(part.seconds ?? 1))
  return h(
    'div',
    { class: 'voice' },
    h(
      'a',
      { class: 'voice-bar', href: part.path, download: '', data: { length: seconds > 20 ? 'long' : seconds > 7 ? 'middle' : 'short' } },
      icon('voice'),
      say('seconds', { count: seconds }),
    ),
    part.words && h('p', { class: 'recognised' }, h('span', { class: 'unseen' }, `${say('recognised')}: `), part.words),
  )
}

function video(part) {
  return h('a', { class: 'file', href: part.path, download: 'video.mp4' }, h('span', { class: 'file-icon', 'aria-hidden': 'true' }, 'MP4'), h('span', { class: 'file-name' }, say('kinds.video')), h('span', { class: 'file-size' }, say('seconds', { count: part.seconds ?? 0 })))
}

function buttons(part) {
  return h(
    'div',
    { class: 'buttons', data: { count: String(part.buttons.length) } },
    part.buttons.map((each) => h('button', { type: 'button', class: 'card-button', data: { address: each.address } }, each.label)),
  )
}

function entry(part) {
  return h(
    'button',
    { type: 'button', class: 'entry', data: { address: part.address } },
    h('span', { class: 'entry-title' }, part.title),
    part.words && h('span', { class: 'entry-words' }, part.words),
    part.path && h('img', { class: 'entry-picture', src: part.path, alt: '' }),
    part.source && h('span', { class: 'elsewhere' }, `${say('elsewhere')} ${part.source}`),
  )
}
