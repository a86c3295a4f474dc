// Makes elements. Text is always set as text.

/** An element with properties, attributes and children; null and false children are left out. */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag)
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue
    if (name === 'class') made.className = value
    else if (name === 'data') Object.assign(made.dataset, value)
    else if (name.startsWith('on')) made.addEventListener(name.slice(2), value)
    else if (name.startsWith('aria-') || name === 'role' || name === 'for' || name === 'list')
      made.setAttribute(name, value)
    else made[name] = value
  }
  made.append(
    ...children.flat().filter((child) => child !== null && child !== undefined && child !== false),
  )
  return made
}

/** The element with this id. */
export const the = (id) => document.getElementById(id)

const SHAPES = {
  at: 'M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0zm0 0v1.500a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-4 7.48',
  picture: 'M4 5h16v14H4zM8.5 10.500a1 1 0 1 0 0-2 1 1 0 0 0 0 2zM4 16l4.5-4 3.5 3 3.5-4L20 16',
  file: 'M7 3h7l4 4v14H7zM14 3v4h4M10 12h5M10 16h5',
  folder: 'M3 6h7l2 2.500h9V19H3z',
  voice:
    'M12 4a2.5 2.5 0 0 1 2.5 2.500v5a2.5 2.5 0 0 1-5 0v-5A2.5 2.5 0 0 1 12 4zM6.5 11.500a5.5 5.5 0 0 0 11 0M12 17v3',
  reply: 'M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6v1',
  close: 'M6 6l12 12M18 6 6 18',
  back: 'M15 5l-7 7 7 7',
  wire: 'M4 7h12M13 4l3 3-3 3M20 17H8M11 14l-3 3 3 3',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8zM12 3v2M12 19v2M3 12h2M19 12h2M5.6 5.6 7 7M17 17l1.4 1.400M5.6 18.4 7 17M17 7l1.4-1.4',
  moon: 'M19 14.500A7.5 7.5 0 0 1 9.5 5a7.5 7.5 0 1 0 9.5 9.500z',
  auto: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16zM12 4v16',
  language: 'M4 6h9M8.5 4v2M11 6c-.7 3.5-3 6.3-6.5 8M6 9c1 2.2 3 4 5.5 5M12 20l4-9 4 9M13.4 17h5.2',
  group:
    'M9 11a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM3.5 19a5.5 5.5 0 0 1 11 0M16 5.500a3 3 0 0 1 0 5.500M17 14a5 5 0 0 1 3.5 5',
  send: 'M4 12 20 4l-4 16-4.5-6.500zM11.5 13.5 20 4',
}

/** A drawing of lines that says nothing to a screen reader. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('aria-hidden', 'true')
  svg.setAttribute('class', 'icon')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  path.setAttribute('d', SHAPES[name])
  svg.append(path)
  return svg
}

/** A button that shows an icon and is called by words. */
export function iconButton(name, label, pressed, properties = {}) {
  return element(
    'button',
    {
      type: 'button',
      class: 'icon-button',
      title: label,
      'aria-label': label,
      onclick: pressed,
      ...properties,
    },
    icon(name),
  )
}

/** A square with somebody's or something's last two characters. */
export function avatar(name, kind = 'person') {
  const shown =
    kind === 'robot'
      ? ''
      : /[^\x00-\x7f]/.test(name)
        ? [...name].slice(-2).join('')
        : name.slice(0, 2)
  const hue = [...name].reduce((sum, each) => (sum * 31 + each.codePointAt(0)) % 5, 0)
  const made = element(
    'span',
    { class: 'avatar', data: { kind, hue: String(hue) }, 'aria-hidden': 'true' },
    shown,
  )
  if (kind === 'robot') made.append(icon('wire'))
  if (kind === 'group') made.replaceChildren(icon('group'))
  return made
}
