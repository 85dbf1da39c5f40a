/*
 * The microphone as a recording with a level and a clock, which can be paused. It lets go of the microphone when
 * it ends, however it ends.
 */
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4', 'audio/webm']
const TICK_MS = 80

interface Watcher {
  /** 0 to 1, as loud as it is. */
  onLevel: (level: number) => void
  /** How long was recorded, without pauses. */
  onTime: (ms: number) => void
}

export const meterOf = (level: number) => `${Math.round(Math.min(1, level * 1.6) * 100)}%`

/** How loud a stretch of samples around 128 is. */
export function loudness(samples: Uint8Array): number {
  const sum = samples.reduce((all, sample) => all + ((sample - 128) / 128) ** 2, 0)
  return Math.sqrt(sum / Math.max(1, samples.length))
}

export class Recording {
  private readonly pieces: Blob[] = []
  private readonly audio = new AudioContext()
  private readonly analyser = this.audio.createAnalyser()
  private readonly samples = new Uint8Array(this.analyser.fftSize)
  private readonly timer: ReturnType<typeof setInterval>
  private spentMs = 0
  private sinceMs = performance.now()

  private constructor(private readonly stream: MediaStream, private readonly recorder: MediaRecorder, private readonly watcher: Watcher) {
    this.audio.createMediaStreamSource(stream).connect(this.analyser)
    recorder.ondataavailable = ({ data }) => { if (data.size) this.pieces.push(data) }
    recorder.start(1000)
    this.timer = setInterval(() => this.tick(), TICK_MS)
  }

  static async start(watcher: Watcher): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true } })
    const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type))
    return new Recording(stream, new MediaRecorder(stream, { mimeType, audioBitsPerSecond: 48_000 }), watcher)
  }

  private tick(): void {
    if (this.recorder.state !== 'recording') return this.watcher.onLevel(0)
    this.analyser.getByteTimeDomainData(this.samples)
    this.watcher.onLevel(loudness(this.samples))
    this.watcher.onTime(this.spentMs + performance.now() - this.sinceMs)
  }

  pause(): void {
    this.recorder.pause()
    this.spentMs += performance.now() - this.sinceMs
  }

  resume(): void {
    this.recorder.resume()
    this.sinceMs = performance.now()
  }

  async stop(): Promise<Blob> {
    await new Promise<void>((done) => {
      this.recorder.onstop = () => done()
      this.recorder.stop()
    })
    this.letGo()
    return new Blob(this.pieces, { type: this.recorder.mimeType })
  }

  cancel(): void {
    this.recorder.onstop = null
    if (this.recorder.state !== 'inactive') this.recorder.stop()
    this.letGo()
  }

  private letGo(): void {
    clearInterval(this.timer)
    this.stream.getTracks().forEach((track) => track.stop())
    void this.audio.close()
  }
}
