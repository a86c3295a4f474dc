// Taps on links, buttons and pictures of messages.

import { call } from './calls.js'
import { showAddress, showPicture } from './dialogs.js'
import { me, model } from './model.js'
import { say } from './preferences.js'

/** Handles taps in `log`. `quote` gets the id of a message to answer, `failed` what went wrong. */
export function listen(log, { quote, failed }) {
  const act = async (target) => {
    const { address, picture, action, card } = target.dataset
    try {
      if (target.dataset.quote) quote(target.dataset.quote)
      else if (card) await press(card, action, failed)
      else if (picture) showPicture(picture)
      else if (address !== undefined) await tap(target.closest('.message').dataset.id, address)
    } catch (problem) {
      failed(problem.message)
    }
  }
  log.addEventListener('click', (event) => {
    const target = event.target.closest('[data-address], [data-picture], [data-card], [data-quote]')
    if (target) act(target)
  })
  log.addEventListener('keydown', (event) => {
    const target = event.target.closest('a[data-address], img[data-picture]')
    if (target && event.key === 'Enter') act(target)
  })
}

/** What DingTalk does at a tap: it sends a text as the person who taps, or it opens the address. */
async function tap(id, address) {
  const { number } = model.messages.get(id)
  const said = number
    ? await call('tap', { message: number, link: address, user: me().key })
    : { done: false }
  if (!said.done) showAddress(address)
}

async function press(card, action, failed) {
  const pressed = await call('press', { card, action, user: me().key })
  if (pressed.lost) failed(say('pressLost'))
}
