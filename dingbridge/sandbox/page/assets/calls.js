// What the page asks of the sandbox, and the news that it gets.

const TOGETHER = 16

/** Sends JSON; the answer. Throws an Error with the sandbox's words. */
export async function call(name, body) {
  return await post(name, 'application/json', JSON.stringify(body))
}

/** Keeps the bytes of a file; the code to send it with. */
export async function upload(blob) {
  return await post('upload', 'application/octet-stream', blob)
}

async function post(name, type, body) {
  const response = await fetch(name, { method: 'POST', headers: { 'Content-Type': type }, body })
  const answer = await response.json()
  if (!response.ok) throw new Error(answer.error)
  return answer
}

/** Follows the sandbox: `news` and `status` get what comes, `link` true or false as it is there.
    News that come at almost the same time come together, as each is drawn. */
export function follow({ news, status, link }) {
  const source = new EventSource('events')
  let waiting = null
  const deliver = () => {
    const given = waiting
    waiting = null
    news(given)
  }
  source.addEventListener('news', (event) => {
    if (!waiting) setTimeout(deliver, TOGETHER)
    waiting ??= {}
    for (const [name, entries] of Object.entries(JSON.parse(event.data)))
      (waiting[name] ??= []).push(...entries)
  })
  source.addEventListener('status', (event) => status(JSON.parse(event.data)))
  source.addEventListener('open', () => link(true))
  source.addEventListener('error', () => link(false))
}
