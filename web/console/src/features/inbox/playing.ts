/** One sound at a time: whoever starts makes the other stop. */
let current: HTMLMediaElement | null = null

export function claimPlaying(next: HTMLMediaElement): void {
  if (current !== next) current?.pause()
  current = next
}

export function releasePlaying(one: HTMLMediaElement | null): void {
  one?.pause()
  if (current === one) current = null
}
