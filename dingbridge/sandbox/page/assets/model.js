// What the page knows from the news: conversations, their messages, reactions, acknowledgements.

export const model = {
  status: null,
  me: sessionStorage.getItem('dingbridge.me') ?? '',
  place: sessionStorage.getItem('dingbridge.place') ?? '',
  messages: new Map(),
  numbers: new Map(),
  reactions: new Map(),
  recalled: new Set(),
  pressed: new Map(),
  acks: new Map(),
  frames: new Map(),
  ofHeader: new Map(),
  lines: new Map(),
  seen: new Map(),
}

/** The person who is spoken as. */
export const me = () =>
  model.status.people.find((person) => person.key === model.me) ?? model.status.people[0]

/** The conversations that this person sees: the 1:1 chat with the robot, then the groups. */
export function conversations(person = me()) {
  const { robot, groups } = model.status
  return [
    { place: person.place, title: robot, kind: 'robot' },
    ...groups.map((group) => ({ ...group, kind: 'group' })),
  ]
}

/** The conversation that is open. */
export const open = () =>
  conversations().find((each) => each.place === model.place) ?? conversations()[0]

/** The messages of a conversation, oldest first. */
export const linesOf = (place) => model.lines.get(place) ?? []

/** How many messages of others came since this person looked last. */
export function unread(place, person = me()) {
  const seen = model.seen.get(`${person.key} ${place}`) ?? 0
  return linesOf(place)
    .slice(seen)
    .filter((line) => line.person !== person.key).length
}

/** This person has seen all of the conversation. */
export function look(place, person = me()) {
  model.seen.set(`${person.key} ${place}`, linesOf(place).length)
}

/** Everybody has seen what is there now. */
export function lookEverywhere() {
  for (const person of model.status.people)
    for (const each of conversations(person)) look(each.place, person)
}

export function choose(what, value) {
  model[what] = value
  sessionStorage.setItem(`dingbridge.${what}`, value)
}

/** Takes news in; the ids of the messages that are new or look different now. */
export function take(news) {
  const changed = new Set()
  for (const frame of news.frames ?? []) model.frames.set(frame.header_id, frame)
  for (const ack of news.acks ?? []) model.acks.set(ack.message_id, ack)
  for (const message of [...news.said, ...news.arrived]) changed.add(keep(message))
  for (const card of news.cards) changed.add(keep({ ...card, card: true }))
  for (const each of news.reacted ?? []) changed.add(react(each))
  for (const each of news.recalled ?? []) {
    model.recalled.add(each.message)
    changed.add(model.numbers.get(each.message) ?? '')
  }
  for (const each of news.pressed ?? []) {
    const id = `msgcard${each.out_track_id}==`
    model.pressed.set(id, [...(model.pressed.get(id) ?? []), each])
    changed.add(id)
  }
  for (const ack of news.acks ?? []) changed.add(model.ofHeader.get(ack.message_id) ?? '')
  changed.delete('')
  return changed
}

function keep(message) {
  const before = model.messages.get(message.id)
  const kept = { ...message, deliveries: (before?.deliveries ?? 0) + 1 }
  model.messages.set(message.id, kept)
  if (message.number) model.numbers.set(message.number, message.id)
  if (message.header) model.ofHeader.set(message.header, message.id)
  for (const place of message.places) {
    const lines = model.lines.get(place) ?? []
    const at = lines.findIndex((line) => line.id === message.id)
    if (at >= 0) lines[at] = kept
    else insert(lines, kept)
    model.lines.set(place, lines)
  }
  return message.id
}

function insert(lines, line) {
  let at = lines.length
  while (at > 0 && lines[at - 1].time > line.time) at -= 1
  lines.splice(at, 0, line)
}

function react({ action, message_id: id, label }) {
  const labels = model.reactions.get(id) ?? []
  if (action === 'reply') labels.push(label)
  else labels.splice(labels.indexOf(label), 1)
  model.reactions.set(id, labels)
  return id
}
