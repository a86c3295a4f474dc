// The list that appears after an @ in a group's draft.

import { element } from './dom.js'
import { me, model } from './model.js'
import { say } from './preferences.js'

/** Offers people while `draft` is written in; `list` is the element for them. */
export class Mentions {
  constructor(draft, list) {
    this.draft = draft
    this.list = list
    this.names = []
    this.at = 0
  }

  /** Whether the list is shown. */
  get shown() {
    return !this.list.hidden
  }

  /** Looks at what is written before the cursor. */
  update(inGroup) {
    const before = this.draft.value.slice(0, this.draft.selectionStart)
    const found = inGroup ? /@([^\s@]*)$/.exec(before) : null
    const all = [
      model.status.robot,
      ...model.status.people
        .filter((person) => person.key !== me().key)
        .map((person) => person.nick),
    ]
    this.names = found
      ? all.filter(
          (name) => name !== found[1] && name.toLowerCase().startsWith(found[1].toLowerCase()),
        )
      : []
    this.at = 0
    this.draw()
  }

  /** Handles a key; true if it was for the list. */
  press(event) {
    if (!this.shown) return false
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (by) this.at = (this.at + by + this.names.length) % this.names.length
    else if (event.key === 'Enter' || event.key === 'Tab') this.take(this.names[this.at])
    else if (event.key === 'Escape') this.names = []
    else return false
    event.preventDefault()
    event.stopPropagation()
    this.draw()
    return true
  }

  /** Writes a name in place of what was begun of it. */
  take(name) {
    const { value, selectionStart: end } = this.draft
    const before = value.slice(0, end).replace(/@[^\s@]*$/, '')
    this.draft.setRangeText(`@${name} `, before.length, end, 'end')
    this.names = []
    this.draw()
    this.draft.focus()
    this.draft.dispatchEvent(new Event('input'))
  }

  draw() {
    this.list.hidden = this.names.length === 0
    this.list.setAttribute('aria-label', say('mentionList'))
    this.list.replaceChildren(
      ...this.names.map((name, index) =>
        element(
          'li',
          {
            role: 'option',
            id: `mention-${index}`,
            'aria-selected': String(index === this.at),
            onmousedown: (event) => event.preventDefault(),
            onclick: () => this.take(name),
          },
          name,
        ),
      ),
    )
    this.draft.setAttribute('aria-expanded', String(this.shown))
    if (this.shown) this.draft.setAttribute('aria-activedescendant', `mention-${this.at}`)
    else this.draft.removeAttribute('aria-activedescendant')
  }
}
