// Puts the page together: the news go into the model, and what they change is drawn.

import { follow } from './calls.js'
import { Composer } from './composer.js'
import { drawConversations, drawHead, move } from './conversations.js'
import { the } from './dom.js'
import { listen } from './taps.js'
import { drawAll, drawChanged, step, toEnd, watch } from './messages.js'
import { look, lookEverywhere, model, open, take } from './model.js'
import { drawPeople, drawTools } from './people.js'
import { apply, say } from './preferences.js'
import { Wire } from './wire.js'

const SHOWN_FOR = 6000
const composer = new Composer(complain)
const wire = new Wire(complain)
let began = false
let hiding = 0

function complain(words) {
  the('trouble').textContent = words
  the('trouble').hidden = false
  clearTimeout(hiding)
  hiding = setTimeout(() => {
    the('trouble').hidden = true
  }, SHOWN_FOR)
}

function drawEverything({ focus = false } = {}) {
  apply()
  drawAround()
  drawAll()
  composer.drawComposer()
  drawTools({ showWire: toggleWire, wireShown: wire.shown, changed: () => drawEverything() })
  wire.draw()
  if (focus) composer.draft.focus()
}

function drawAround() {
  if (document.hasFocus() || !began) look(open().place)
  drawPeople(() => drawEverything())
  drawConversations(drawEverything)
  drawHead()
}

function toggleWire() {
  wire.toggle()
  drawTools({ showWire: toggleWire, wireShown: wire.shown, changed: () => drawEverything() })
  the('tools').querySelector('[data-tool="wire"]').focus()
}

function news(given) {
  const changed = take(given)
  wire.take(given)
  if (began) {
    drawChanged(changed)
    drawAround()
    return
  }
  began = true
  lookEverywhere()
  drawEverything()
}

/** The first status comes before all news, and the first news in any case. */
function status(given) {
  model.status = given
  if (!began) return
  drawAround()
  wire.drawStatus()
}

follow({
  news,
  status,
  link: (alive) => {
    the('app').dataset.away = String(!alive)
    clearTimeout(hiding)
    the('trouble').textContent = alive ? '' : say('away')
    the('trouble').hidden = alive
  },
})

listen(the('log'), { quote: (id) => composer.answer(id), failed: complain })
the('log').addEventListener('keydown', step)
watch(the('log'))
the('newer').addEventListener('click', toEnd)
window.addEventListener('focus', () => {
  if (model.status) drawAround()
})

document.addEventListener('keydown', (event) => {
  if (!model.status || !event.altKey) return
  if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
    event.preventDefault()
    move(event.key === 'ArrowDown' ? 1 : -1, drawEverything)
  } else if (event.code === 'KeyW') {
    event.preventDefault()
    toggleWire()
  }
})

const chat = the('chat')
const holdsFiles = (event) => event.dataTransfer?.types.includes('Files')
chat.addEventListener('dragover', (event) => {
  if (!holdsFiles(event)) return
  event.preventDefault()
  the('drop').hidden = false
})
chat.addEventListener('dragleave', (event) => {
  if (!chat.contains(event.relatedTarget)) the('drop').hidden = true
})
chat.addEventListener('drop', (event) => {
  if (!holdsFiles(event)) return
  event.preventDefault()
  the('drop').hidden = true
  composer.take([...event.dataTransfer.files])
})
apply()
