// One line of the wire: a request of the bridge, a frame to it, or a frame from it.

import { element } from './dom.js'
import { bytes, say } from './preferences.js'

/** A line, which can be opened. */
export class WireRow {
  constructor(kind, entry, time) {
    this.kind = kind
    this.entry = entry
    this.time = time
    this.ack = null
    this.drawn = null
  }

  /** The acknowledgement of a frame has come. */
  acknowledge(ack) {
    this.ack = ack
    if (!this.drawn) return
    const made = this.make(this.drawn.firstElementChild.open)
    this.drawn.replaceWith(made)
    this.drawn = made
  }

  /** The line as it is drawn. */
  element() {
    this.drawn ??= this.make(false)
    return this.drawn
  }

  /** Has it drawn anew, in another language perhaps. */
  forget() {
    this.drawn = null
  }

  make(open) {
    const [direction, name, fate, bad, took] = {
      request: () => this.request(),
      frame: () => this.frame(),
      client: () => this.client(),
    }[this.kind]()
    return element(
      'li',
      { class: 'wire-row', data: { kind: this.kind, bad: String(bad) } },
      element(
        'details',
        { open },
        element(
          'summary',
          {},
          element('span', { class: 'wire-time' }, stamp(this.time)),
          element('span', { class: 'arrow', 'aria-hidden': 'true' }, direction),
          element('span', { class: 'wire-name', title: name }, name),
          element('span', { class: 'wire-fate' }, fate),
          element('span', { class: 'wire-took' }, took),
        ),
        this.bodies().map(([title, body]) =>
          element(
            'div',
            { class: 'wire-body' },
            element('h3', {}, title),
            element('pre', { tabIndex: 0 }, pretty(body)),
          ),
        ),
      ),
    )
  }

  request() {
    const { method, path, status, code, began, ended, fault } = this.entry
    const refused = status === 0 || status >= 400 || !['', '0'].includes(code)
    const fate = [
      status || say('noAnswer'),
      ['', '0'].includes(code) ? '' : code,
      fault && `⚡ ${fault}`,
    ]
      .filter(Boolean)
      .join(' ')
    return ['→', `${method} ${path}`, fate, refused || Boolean(fault), took(ended - began)]
  }

  frame() {
    const { kind, topic, time } = this.entry
    const fate = this.ack
      ? `${this.ack.code}`
      : kind === 'SYSTEM' && topic === 'disconnect'
        ? ''
        : say('noAck')
    return [
      '←',
      `${kind} ${topic}`,
      fate,
      this.ack ? this.ack.code !== 200 : topic === 'disconnect',
      this.ack ? took(this.ack.time - time) : '',
    ]
  }

  client() {
    return ['→', say('fromClient'), this.entry.code ? String(this.entry.code) : '', false, '']
  }

  bodies() {
    const { asked = '', answered = '', text = '', size = 0 } = this.entry
    if (this.kind === 'request')
      return [
        [`${say('asked')} · ${bytes(size)}`, asked],
        [say('answered'), answered],
      ].filter(([, body]) => body)
    const frames = [[say(this.kind === 'frame' ? 'frame' : 'fromClient'), text]]
    if (this.ack) frames.push([`${say('ack')} · ${this.ack.connection_id}`, this.ack.text])
    return frames.filter(([, body]) => body)
  }
}

function stamp(time) {
  return new Date(time * 1000).toTimeString().slice(0, 8)
}

function took(seconds) {
  const ms = Math.max(0, seconds * 1000)
  return ms < 10
    ? `${ms.toFixed(1)} ms`
    : ms < 10000
      ? `${Math.round(ms)} ms`
      : `${Math.round(ms / 1000)} s`
}

/** JSON with its strings of JSON unfolded, or what was given if it is none. */
function pretty(text) {
  try {
    return JSON.stringify(unfold(JSON.parse(text)), null, 2)
  } catch {
    return text
  }
}

function unfold(value) {
  if (Array.isArray(value)) return value.map(unfold)
  if (value && typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, unfold(each)]))
  if (typeof value !== 'string' || !/^[{[]/.test(value)) return value
  try {
    return unfold(JSON.parse(value))
  } catch {
    return value
  }
}
