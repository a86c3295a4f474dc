// The draft: text, mentions, a quote, pictures and files.

import { call, upload } from './calls.js'
import { askVoice, silence } from './dialogs.js'
import { element, icon, iconButton, the } from './dom.js'
import { Mentions } from './mentions.js'
import { me, model, open } from './model.js'
import { wordsOf } from './messages.js'
import { say } from './preferences.js'

const LARGEST = 20 * 1024 * 1024
const drafts = new Map()

/** Where messages are written. `failed` is called with words about what went wrong. */
export class Composer {
  constructor(failed) {
    this.failed = failed
    this.quote = ''
    this.pictures = []
    this.draft = element('textarea', {
      id: 'draft',
      rows: 1,
      role: 'combobox',
      'aria-autocomplete': 'list',
      'aria-controls': 'mention-list',
      'aria-describedby': 'draft-hint',
    })
    this.list = element('ul', {
      id: 'mention-list',
      class: 'mention-list',
      role: 'listbox',
      hidden: true,
    })
    this.mentions = new Mentions(this.draft, this.list)
    this.draft.addEventListener('input', () => this.typed())
    this.draft.addEventListener('keydown', (event) => this.pressed(event))
    this.draft.addEventListener('paste', (event) => this.pasted(event))
    this.draft.addEventListener('blur', () => this.mentions.update(false))
    this.key = ''
  }

  /** Draws it for the open conversation, with the draft that was begun there. */
  drawComposer() {
    const { place, title, kind } = open()
    const writing = document.activeElement === this.draft
    const key = `${me().key} ${place}`
    if (key !== this.key) {
      this.key = key
      this.draft.value = drafts.get(key) ?? ''
      this.quote = ''
      this.forget()
    }
    const group = kind === 'group'
    this.draft.setAttribute('aria-label', say('draftTo', { place: title }))
    this.draft.placeholder = say('draftTo', { place: title })
    const hint = `${group ? `${say('groupHint', { robot: model.status.robot })} · ` : ''}${say('draftHint')}`
    the('composer').replaceChildren(
      ...this.above(),
      element(
        'div',
        { class: 'tools', role: 'toolbar', 'aria-label': say('draftTo', { place: title }) },
        group && iconButton('at', say('mention'), () => this.beginMention()),
        iconButton('picture', say('picture'), () => this.choose('image/*')),
        iconButton('folder', say('file'), () => this.choose('')),
        iconButton('voice', say('voice'), () =>
          askVoice((words, seconds) => this.speak(words, seconds)),
        ),
      ),
      this.draft,
      this.list,
      element(
        'div',
        { class: 'bottom' },
        element('p', { class: 'hint', id: 'draft-hint' }, hint),
        element(
          'button',
          { type: 'button', class: 'primary send', onclick: () => this.send() },
          icon('send'),
          say('send'),
        ),
      ),
    )
    this.grow()
    if (writing) this.draft.focus()
  }

  /** Takes files that were dropped, pasted or chosen: pictures wait for words, others go at once. */
  async take(files) {
    for (const file of files) {
      if (file.size > LARGEST) this.failed(say('tooLarge', { name: file.name }))
      else if (file.type.startsWith('image/'))
        this.pictures.push({ file, address: URL.createObjectURL(file) })
      else
        await this.say({
          files: [
            { file, kind: file.type.startsWith('video/') ? 'video' : 'file', name: file.name },
          ],
        })
    }
    this.drawComposer()
    this.draft.focus()
  }

  /** The message with this id is to be answered. */
  answer(id) {
    this.quote = id
    this.drawComposer()
    this.draft.focus()
  }

  /** Sends what is there. */
  async send() {
    const text = this.draft.value.trim()
    if (!text && !this.pictures.length) return
    const sent = {
      text,
      quote: this.quote,
      files: this.pictures.map(({ file }) => ({ file, kind: 'picture', name: file.name })),
    }
    if (!(await this.say(sent))) return
    this.draft.value = ''
    drafts.delete(this.key)
    this.quote = ''
    this.forget()
    this.drawComposer()
    this.draft.focus()
  }

  async speak(words, seconds) {
    await this.say({ files: [{ file: silence(seconds), kind: 'voice', words, seconds }] })
    this.draft.focus()
  }

  async say({ text = '', quote = '', files = [] }) {
    const [user, place] = [me().key, open().place]
    try {
      const uploaded = []
      for (const { file, ...about } of files) uploaded.push({ code: await upload(file), ...about })
      await call('say', { user, place, text, quote, files: uploaded })
      return true
    } catch (problem) {
      this.failed(problem.message)
      return false
    }
  }

  above() {
    const made = []
    const quoted = model.messages.get(this.quote)
    if (quoted) {
      const label = say('answers', { name: quoted.author })
      made.push(
        element(
          'div',
          { class: 'quoting' },
          element('p', {}, element('strong', {}, label), ' ', wordsOf(quoted)),
          iconButton('close', say('noQuote'), () => this.answer('')),
        ),
      )
    }
    if (this.pictures.length) {
      made.push(
        element(
          'ul',
          { class: 'waiting' },
          this.pictures.map((picture) =>
            element(
              'li',
              {},
              element('img', { src: picture.address, alt: picture.file.name }),
              iconButton('close', say('remove', { name: picture.file.name }), () =>
                this.remove(picture),
              ),
            ),
          ),
        ),
      )
    }
    return made
  }

  remove(picture) {
    URL.revokeObjectURL(picture.address)
    this.pictures = this.pictures.filter((each) => each !== picture)
    this.drawComposer()
    this.draft.focus()
  }

  forget() {
    for (const picture of this.pictures) URL.revokeObjectURL(picture.address)
    this.pictures = []
  }

  choose(accept) {
    const input = element('input', {
      type: 'file',
      accept,
      multiple: true,
      onchange: () => this.take(input.files),
    })
    input.click()
  }

  beginMention() {
    this.draft.focus()
    const end = this.draft.selectionStart
    const space = end && !/\s/.test(this.draft.value[end - 1]) ? ' ' : ''
    this.draft.setRangeText(`${space}@`, end, end, 'end')
    this.typed()
  }

  typed() {
    drafts.set(this.key, this.draft.value)
    this.mentions.update(open().kind === 'group')
    this.grow()
  }

  grow() {
    this.draft.style.height = 'auto'
    this.draft.style.height = `${Math.min(this.draft.scrollHeight, 180)}px`
  }

  pressed(event) {
    if (event.isComposing || this.mentions.press(event)) return
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault()
      this.send()
    } else if (event.key === 'Escape' && this.quote) {
      event.stopPropagation()
      this.answer('')
    }
  }

  pasted(event) {
    const files = [...event.clipboardData.files]
    if (!files.length) return
    event.preventDefault()
    this.take(files)
  }
}
