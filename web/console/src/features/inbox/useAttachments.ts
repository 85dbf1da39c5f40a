/*
 * Files on their way into a message: checked against what WhatsApp takes, uploaded at once, with
 * progress, cancel and retry. A file that cannot go is shown with the reason, never dropped in silence.
 * Each conversation has a tray of its own that outlives its page: who looks elsewhere loses no upload.
 */
import { computed, shallowRef } from 'vue'
import { uploadMedia, type Upload } from '@shared/api/upload'
import type { ApiProblem } from '@shared/api/client'
import type { Media, MessageDraft } from '@shared/api/types'
import { asProblem } from '@shared/useLoad'

export type AttachmentKind = 'image' | 'video' | 'audio' | 'document'

export interface Attachment {
  id: number
  file: File
  kind: AttachmentKind
  localUrl: string
  progress: number
  media: Media | null
  problem: ApiProblem | null
  /** A reason of the catalogue why this file cannot go at all. */
  refused: 'too_large' | 'empty' | null
}

const KINDS: Record<string, AttachmentKind> = {
  'image/jpeg': 'image', 'image/png': 'image', 'video/mp4': 'video', 'video/3gpp': 'video',
  'audio/aac': 'audio', 'audio/amr': 'audio', 'audio/mpeg': 'audio', 'audio/mp4': 'audio', 'audio/ogg': 'audio',
}
const MB = 1024 * 1024
export const LIMITS: Record<AttachmentKind, number> = { image: 5 * MB, video: 16 * MB, audio: 16 * MB, document: 100 * MB }
export const ATTACHMENTS_MAX = 10

/** How a file goes: what WhatsApp does not show as a picture, film or sound, or is too large to be, is a document. */
export function kindOf(type: string, size: number): AttachmentKind {
  const kind = KINDS[type.split(';')[0]!.trim().toLowerCase()] ?? 'document'
  return size > LIMITS[kind] ? 'document' : kind
}

export function refusalOf(size: number): Attachment['refused'] {
  if (size === 0) return 'empty'
  return size > LIMITS.document ? 'too_large' : null
}

/** The message for one uploaded file. Sound has no caption: its text goes as a message of its own. */
export function draftOf(attachment: Pick<Attachment, 'kind' | 'file'>, media: Media, caption: string): MessageDraft {
  const body: Record<string, unknown> = { id: media.id }
  if (caption && attachment.kind !== 'audio') body['caption'] = caption
  if (attachment.kind === 'document') body['filename'] = attachment.file.name
  return { type: attachment.kind, [attachment.kind]: body }
}

let nextId = 1
const trays = new Map<string, ReturnType<typeof makeTray>>()

export function useAttachments(conversationId: string) {
  const known = trays.get(conversationId)
  if (known) return known
  const made = makeTray()
  trays.set(conversationId, made)
  return made
}

function makeTray() {
  const list = shallowRef<readonly Attachment[]>([])
  const uploads = new Map<number, Upload>()

  const patch = (id: number, change: Partial<Attachment>) => {
    list.value = list.value.map((one) => (one.id === id ? { ...one, ...change } : one))
  }

  async function upload(one: Attachment): Promise<void> {
    patch(one.id, { progress: 0, problem: null })
    const running = uploadMedia(one.file, (progress) => patch(one.id, { progress }))
    uploads.set(one.id, running)
    try {
      patch(one.id, { media: await running.done, progress: 1 })
    } catch (error) {
      patch(one.id, { problem: asProblem(error) })
    } finally {
      uploads.delete(one.id)
    }
  }

  /** Takes files until the tray is full; answers how many found no room. */
  function add(files: readonly File[]): number {
    const room = Math.max(0, ATTACHMENTS_MAX - list.value.length)
    for (const file of files.slice(0, room)) {
      const one: Attachment = {
        id: nextId++, file, kind: kindOf(file.type, file.size), localUrl: URL.createObjectURL(file),
        progress: 0, media: null, problem: null, refused: refusalOf(file.size),
      }
      list.value = [...list.value, one]
      if (!one.refused) void upload(one)
    }
    return Math.max(0, files.length - room)
  }

  /** What is stored already: the file of a ready answer. */
  function addStored(media: Media): void {
    if (list.value.length >= ATTACHMENTS_MAX) return
    const file = new File([], media.file_name ?? media.mime_type, { type: media.mime_type })
    const kind = kindOf(media.mime_type, media.size_bytes ?? 0)
    list.value = [...list.value, { id: nextId++, file, kind, localUrl: media.url, progress: 1, media, problem: null, refused: null }]
  }

  function remove(id: number): void {
    uploads.get(id)?.cancel()
    const gone = list.value.find((one) => one.id === id)
    if (gone) URL.revokeObjectURL(gone.localUrl)
    list.value = list.value.filter((one) => one.id !== id)
  }

  /* What was sent keeps its local picture: the thread shows it until the server's own is there. */
  function take(): readonly Attachment[] {
    const taken = list.value
    list.value = []
    return taken
  }

  const retry = (id: number) => {
    const one = list.value.find((other) => other.id === id)
    if (one) void upload(one)
  }

  const ready = computed(() => list.value.every((one) => one.media !== null))
  return { list, ready, add, addStored, remove, retry, take }
}
