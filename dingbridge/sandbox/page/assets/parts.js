// One part of a message as DingTalk draws it.

import { element, icon } from './dom.js'
import { fragment } from './html.js'
import { bytes, say } from './preferences.js'

const DRAWN = { text, markdown, picture, file, voice, video, buttons, entry }

/** The elements of a part; `message` is the one that it belongs to. */
export function drawPart(part, message) {
  return DRAWN[part.kind](part, message)
}

function text(part, message) {
  return element('div', { class: 'text' }, cleaned(part.html, message))
}

function markdown(part, message) {
  return element('div', { class: 'markdown' }, cleaned(part.html, message))
}

/** Cleaned HTML; also that of cards. */
export function cleaned(html, message) {
  return fragment(html ?? '', { mentions: message.mentions, otherHost: say('elsewhere') })
}

function picture(part) {
  if (part.source) return element('p', { class: 'elsewhere' }, `${say('elsewhere')} ${part.source}`)
  return element('img', {
    class: 'picture',
    src: part.path,
    alt: say('kinds.picture'),
    tabIndex: 0,
    data: { picture: part.path },
  })
}

function file(part) {
  const ending = part.name.includes('.') ? part.name.split('.').pop().slice(0, 4).toUpperCase() : ''
  return element(
    'a',
    {
      class: 'file',
      href: part.path,
      download: part.name,
      'aria-label': say('save', { name: part.name }),
    },
    element('span', { class: 'file-icon', 'aria-hidden': 'true' }, ending || icon('file')),
    element('span', { class: 'file-name' }, part.name),
    element('span', { class: 'file-size' }, part.size ? bytes(part.size) : ''),
  )
}

function voice(part) {
  const seconds = Math.max(1, Math.round(part.seconds ?? 1))
  return element(
    'div',
    { class: 'voice' },
    element(
      'a',
      {
        class: 'voice-bar',
        href: part.path,
        download: '',
        data: { length: seconds > 20 ? 'long' : seconds > 7 ? 'middle' : 'short' },
      },
      icon('voice'),
      say('seconds', { count: seconds }),
    ),
    part.words &&
      element(
        'p',
        { class: 'recognised' },
        element('span', { class: 'unseen' }, `${say('recognised')}: `),
        part.words,
      ),
  )
}

function video(part) {
  return element(
    'a',
    { class: 'file', href: part.path, download: 'video.mp4' },
    element('span', { class: 'file-icon', 'aria-hidden': 'true' }, 'MP4'),
    element('span', { class: 'file-name' }, say('kinds.video')),
    element('span', { class: 'file-size' }, say('seconds', { count: part.seconds ?? 0 })),
  )
}

function buttons(part) {
  return element(
    'div',
    { class: 'buttons', data: { count: String(part.buttons.length) } },
    part.buttons.map((each) =>
      element(
        'button',
        { type: 'button', class: 'card-button', data: { address: each.address } },
        each.label,
      ),
    ),
  )
}

function entry(part) {
  return element(
    'button',
    { type: 'button', class: 'entry', data: { address: part.address } },
    element('span', { class: 'entry-title' }, part.title),
    part.words && element('span', { class: 'entry-words' }, part.words),
    part.path && element('img', { class: 'entry-picture', src: part.path, alt: '' }),
    part.source && element('span', { class: 'elsewhere' }, `${say('elsewhere')} ${part.source}`),
  )
}
