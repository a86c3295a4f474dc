// Dialogs: where a link leads, a picture in full size, speaking.

import { element } from './dom.js'
import { say } from './preferences.js'

function show(label, ...children) {
  const dialog = element(
    'dialog',
    { 'aria-label': label, onclose: () => dialog.remove() },
    ...children,
  )
  dialog.addEventListener('click', (event) => {
    if (event.target === dialog) dialog.close()
  })
  document.body.append(dialog)
  dialog.showModal()
  return dialog
}

const closing = (words) =>
  element(
    'button',
    { type: 'button', class: 'plain', onclick: (event) => event.target.closest('dialog').close() },
    words,
  )

/** Shows where a tap leads, and opens it only if asked to. */
export function showAddress(address) {
  const opens = /^https?:/i.test(address)
  show(
    say('openLink'),
    element('h2', {}, say('openLink')),
    element('p', { class: 'address' }, address),
    element(
      'div',
      { class: 'choices' },
      closing(say('close')),
      opens &&
        element(
          'a',
          { class: 'primary', href: address, target: '_blank', rel: 'noopener noreferrer' },
          say('open'),
        ),
    ),
  )
}

/** Shows a picture as large as it is. */
export function showPicture(path) {
  show(
    say('kinds.picture'),
    element('img', { class: 'large', src: path, alt: say('kinds.picture') }),
    element('div', { class: 'choices' }, closing(say('close'))),
  )
}

/** Asks what is recognised of a voice, and how long it is; `done` gets both. */
export function askVoice(done) {
  const words = element('textarea', { rows: 3, id: 'voice-words' })
  const seconds = element('input', {
    type: 'number',
    min: 1,
    max: 60,
    value: 3,
    id: 'voice-seconds',
  })
  const send = element('button', { type: 'submit', class: 'primary' }, say('send'))
  const form = element(
    'form',
    {
      method: 'dialog',
      onsubmit: (event) => {
        event.preventDefault()
        dialog.close()
        done(words.value.trim(), Number(seconds.value) || 1)
      },
    },
    element('h2', {}, say('voiceTitle')),
    element('label', { for: 'voice-words' }, say('voiceWords')),
    words,
    element('label', { for: 'voice-seconds' }, say('voiceSeconds')),
    seconds,
    element('div', { class: 'choices' }, closing(say('cancel')), send),
  )
  const dialog = show(say('voiceTitle'), form)
}

/** Silence of so many seconds as a WAV file: 8,000 bytes for each. */
export function silence(seconds) {
  const rate = 8000
  const size = rate * seconds
  const view = new DataView(new ArrayBuffer(44 + size))
  const put = (at, text) =>
    [...text].forEach((each, index) => view.setUint8(at + index, each.charCodeAt(0)))
  put(0, 'RIFF')
  view.setUint32(4, 36 + size, true)
  put(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, rate, true)
  view.setUint32(28, rate, true)
  view.setUint16(32, 1, true)
  view.setUint16(34, 8, true)
  put(36, 'data')
  view.setUint32(40, size, true)
  new Uint8Array(view.buffer).fill(128, 44)
  return new Blob([view], { type: 'audio/wav' })
}
