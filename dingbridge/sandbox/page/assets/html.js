// Puts HTML that the sandbox has cleaned into the page, and takes out of it what could act.

const policy = window.trustedTypes?.createPolicy('cleaned', { createHTML: (html) => html })

/** The HTML as a fragment: links act by `data-address`, pictures of other hosts are words. */
export function fragment(html, { mentions = {}, otherHost }) {
  const template = document.createElement('template')
  template.innerHTML = policy ? policy.createHTML(html) : html
  for (const link of template.content.querySelectorAll('a')) makeTappable(link)
  for (const picture of template.content.querySelectorAll('img')) showOrName(picture, otherHost)
  for (const table of template.content.querySelectorAll('table')) wrap(table)
  mark(template.content, mentions)
  return template.content
}

/** The path of a picture below the page's address; empty for one of another host. */
function pathOf(source) {
  return source.startsWith('@') ? `media/${encodeURIComponent(source)}` : ''
}

function makeTappable(link) {
  const address = link.getAttribute('href')
  link.removeAttribute('href')
  if (!address) return
  link.dataset.address = address
  link.setAttribute('role', 'link')
  link.tabIndex = 0
}

function showOrName(picture, otherHost) {
  const source = picture.getAttribute('src') ?? ''
  const path = pathOf(source)
  if (path) {
    picture.src = path
    picture.dataset.picture = path
    picture.tabIndex = 0
    picture.alt ||= ' '
    return
  }
  const words = document.createElement('span')
  words.className = 'elsewhere'
  words.textContent = `${otherHost} ${picture.alt} ${source}`
  picture.replaceWith(words)
}

function wrap(table) {
  const frame = document.createElement('div')
  frame.className = 'table'
  table.replaceWith(frame)
  frame.append(table)
}

function mark(content, mentions) {
  const words = Object.keys(mentions).sort((one, other) => other.length - one.length)
  if (!words.length) return
  const escaped = words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const wanted = new RegExp(`@(${escaped.join('|')})`, 'g')
  const walker = document.createTreeWalker(content, NodeFilter.SHOW_TEXT)
  const texts = []
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement?.closest('code, pre')) texts.push(walker.currentNode)
  }
  for (const text of texts) {
    const parts = text.data.split(wanted)
    if (parts.length === 1) continue
    text.replaceWith(...parts.map((part, index) => (index % 2 ? mention(mentions[part]) : part)))
  }
}

function mention(name) {
  const made = document.createElement('span')
  made.className = 'mention'
  made.textContent = `@${name}`
  return made
}
