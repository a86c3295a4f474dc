// The panel with the wire: requests, frames, acknowledgements, and faults to inject.

import { call } from './calls.js'
import { element, iconButton, the } from './dom.js'
import { model } from './model.js'
import { say } from './preferences.js'
import { WireRow } from './wire_rows.js'

const MOST = 500
const FILTERS = ['wireAll', 'wireRequests', 'wireFrames']

/** The panel. `failed` is called with words about what went wrong. */
export class Wire {
  constructor(failed) {
    this.failed = failed
    this.rows = []
    this.ofHeader = new Map()
    this.filter = 'wireAll'
    this.list = element('ol', { class: 'wire-rows', tabIndex: 0 })
    this.state = element('ul', { class: 'wire-state' })
    this.shown = sessionStorage.getItem('dingbridge.wire') === 'true'
  }

  /** Shows the panel, or hides it. */
  toggle() {
    this.shown = !this.shown
    sessionStorage.setItem('dingbridge.wire', String(this.shown))
    this.draw()
  }

  /** Takes the news in. */
  take(news) {
    const came = []
    for (const each of news.calls ?? []) came.push(new WireRow('request', each, each.began))
    for (const each of news.frames ?? []) {
      const row = new WireRow('frame', each, each.time)
      this.ofHeader.set(each.header_id, row)
      came.push(row)
    }
    for (const each of news.acks ?? []) {
      const row = this.ofHeader.get(each.message_id)
      if (row) row.acknowledge(each)
      else came.push(new WireRow('client', each, each.time))
    }
    came.sort((one, other) => one.time - other.time)
    this.rows.push(...came)
    this.rows.splice(0, Math.max(0, this.rows.length - MOST))
    if (this.shown && model.status) this.add(came)
  }

  /** Draws the panel anew. */
  draw() {
    const panel = the('wire')
    panel.hidden = !this.shown
    the('app').dataset.wire = String(this.shown)
    if (!this.shown) return
    panel.replaceChildren(
      element(
        'header',
        { class: 'wire-head' },
        element('h2', {}, say('wire')),
        iconButton('close', say('close'), () => {
          this.toggle()
          const button = the('tools').querySelector('[data-tool="wire"]')
          button.setAttribute('aria-expanded', 'false')
          button.focus()
        }),
      ),
      this.faults(),
      this.state,
      this.filters(),
      this.list,
    )
    this.drawStatus()
    this.list.replaceChildren()
    for (const row of this.rows) row.forget()
    this.add(this.rows)
  }

  /** Draws what is connected, used up and waiting. */
  drawStatus() {
    const {
      calls,
      calls_most: most,
      pushes,
      pushes_most: mostPushes,
      ahead,
      faults,
      hanging,
      missing_scopes: scopes,
    } = model.status
    const of = (count, all) => `${count} / ${all ?? say('unlimited')}`
    const waiting = faults.reduce((sum, each) => sum + (each.times ?? 1), 0) + hanging
    const items = [
      [`${say('calls')} ${of(calls, most)}`, most !== null && calls >= most],
      [`${say('pushes')} ${of(pushes, mostPushes)}`, mostPushes !== null && pushes >= mostPushes],
      ahead > 0 && [say('clockAhead', { hours: Math.round(ahead / 360) / 10 }), true],
      scopes.length > 0 && [say('scopesMissing'), true],
      waiting > 0 && [say('waitingFaults', { count: waiting }), true],
    ]
    this.state.replaceChildren(
      ...items
        .filter(Boolean)
        .map(([words, bad]) => element('li', { data: { bad: String(bad) } }, words)),
    )
  }

  add(rows) {
    const follows = this.list.scrollHeight - this.list.scrollTop - this.list.clientHeight < 60
    const kinds = {
      wireAll: ['request', 'frame', 'client'],
      wireRequests: ['request'],
      wireFrames: ['frame', 'client'],
    }[this.filter]
    this.list.append(...rows.filter((row) => kinds.includes(row.kind)).map((row) => row.element()))
    while (this.list.childElementCount > MOST) this.list.firstElementChild.remove()
    this.list.dataset.empty = this.list.childElementCount ? '' : say('wireEmpty')
    if (follows) this.list.scrollTop = this.list.scrollHeight
  }

  filters() {
    const choose = (name) => () => {
      this.filter = name
      this.draw()
      the('wire').querySelector('input:checked')?.focus()
    }
    return element(
      'fieldset',
      { class: 'filters' },
      element('legend', { class: 'unseen' }, say('wireFilter')),
      FILTERS.map((name) =>
        element(
          'label',
          {},
          element('input', {
            type: 'radio',
            name: 'filter',
            class: 'unseen',
            checked: name === this.filter,
            onchange: choose(name),
          }),
          element('span', {}, say(name)),
        ),
      ),
    )
  }

  faults() {
    const words = say('fault')
    const button = (name) =>
      element(
        'button',
        {
          type: 'button',
          class: 'fault',
          title: words[name][1],
          data: { fault: name },
          onclick: () => this.inject(name),
        },
        words[name][0],
      )
    return element(
      'section',
      { class: 'faults', 'aria-label': say('faults') },
      Object.keys(words).map(button),
    )
  }

  async inject(name) {
    try {
      await call('fault', { name })
      the('announcer').textContent = say('done', { what: say('fault')[name][1] })
    } catch (problem) {
      this.failed(problem.message)
    }
  }
}
