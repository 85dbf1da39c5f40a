/*
 * The sound of a new message: two short tones, made here, so there is no file to fetch.
 *
 * A browser plays nothing before the first touch or key on the page; until then play() answers false,
 * and another tab may be asked.
 */
const TONES = [{ hz: 784, at: 0 }, { hz: 1047, at: 0.09 }]
const LENGTH = 0.22
const LOUD = 0.08
const REST_MS = 1500

let context: AudioContext | null = null
let playedMs = 0

/** Called by whatever the person does first. */
export function allowSound(): void {
  context ??= new AudioContext()
  if (context.state === 'suspended') void context.resume()
}

function tone(audio: AudioContext, hz: number, at: number): void {
  const source = audio.createOscillator()
  const loud = audio.createGain()
  const start = audio.currentTime + at
  source.frequency.value = hz
  loud.gain.setValueAtTime(0, start)
  loud.gain.linearRampToValueAtTime(LOUD, start + 0.015)
  loud.gain.exponentialRampToValueAtTime(0.0001, start + LENGTH)
  source.connect(loud).connect(audio.destination)
  source.start(start)
  source.stop(start + LENGTH)
}

/** False when this page may not play yet. Many at once are one. */
export function playSound(): boolean {
  if (!context || context.state !== 'running') return false
  if (Date.now() - playedMs < REST_MS) return true
  playedMs = Date.now()
  for (const { hz, at } of TONES) tone(context, hz, at)
  return true
}
