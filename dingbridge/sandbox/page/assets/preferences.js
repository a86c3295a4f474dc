// Language and colours: the browser's, until somebody chooses others.

import { WORDS } from './words.js'

const THEMES = ['auto', 'light', 'dark']

export const preferences = {
  language:
    kept('language', Object.keys(WORDS)) ?? (navigator.language.startsWith('zh') ? 'zh' : 'en'),
  theme: kept('theme', THEMES) ?? 'auto',
}

/** The words of a name in the chosen language; `parts` are for sentences that have places. */
export function say(name, parts) {
  const found = name.split('.').reduce((table, key) => table[key], WORDS[preferences.language])
  return typeof found === 'function' ? found(parts ?? {}) : found
}

/** The next of the languages, or of the colours. */
export function change(what) {
  const all = what === 'theme' ? THEMES : Object.keys(WORDS)
  preferences[what] = all[(all.indexOf(preferences[what]) + 1) % all.length]
  localStorage.setItem(`dingbridge.${what}`, preferences[what])
}

/** Sets the language and colours of the document, and all words that stand in it. */
export function apply() {
  document.documentElement.lang = preferences.language === 'zh' ? 'zh-CN' : 'en'
  document.documentElement.dataset.theme = preferences.theme
  for (const element of document.querySelectorAll('[data-words]'))
    element.textContent = say(element.dataset.words)
  for (const element of document.querySelectorAll('[data-label]'))
    element.setAttribute('aria-label', say(element.dataset.label))
}

const locale = () => (preferences.language === 'zh' ? 'zh-CN' : 'en-GB')

/** Hours and minutes of a time in Unix seconds. */
export function clock(time) {
  return new Intl.DateTimeFormat(locale(), { hour: '2-digit', minute: '2-digit' }).format(
    time * 1000,
  )
}

/** The day of a time in Unix seconds. */
export function day(time) {
  return new Intl.DateTimeFormat(locale(), {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
  }).format(time * 1000)
}

/** A count of bytes in words. */
export function bytes(count) {
  const units = ['B', 'KB', 'MB']
  let step = 0
  while (count >= 1024 && step < 2) [count, step] = [count / 1024, step + 1]
  return `${count < 10 && step ? count.toFixed(1) : Math.round(count)} ${units[step]}`
}

function kept(name, all) {
  const found = localStorage.getItem(`dingbridge.${name}`)
  return all.includes(found) ? found : undefined
}
