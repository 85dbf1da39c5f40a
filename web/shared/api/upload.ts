/*
 * Uploads one file as the raw body, telling how far it is: fetch() cannot, so this is XMLHttpRequest.
 */
import { ApiProblem, getCsrfToken, OFFLINE, problemOf, urlOf } from './client'
import type { Media } from './types'

export interface Upload {
  done: Promise<Media>
  cancel: () => void
}

export function uploadMedia(file: File, onProgress: (fraction: number) => void): Upload {
  const request = new XMLHttpRequest()
  const done = new Promise<Media>((resolve, reject) => {
    request.open('POST', urlOf('/media', { file_name: file.name }))
    request.setRequestHeader('Content-Type', file.type || 'application/octet-stream')
    request.setRequestHeader('X-CSRF-Token', getCsrfToken())
    request.upload.onprogress = (event) => onProgress(event.lengthComputable ? event.loaded / event.total : 0)
    request.onload = () => {
      if (request.status === 201) resolve(JSON.parse(request.responseText) as Media)
      else reject(problemOf(request.status, request.responseText))
    }
    request.onerror = () => reject(new ApiProblem({ status: 0, code: OFFLINE }))
    request.onabort = () => reject(new ApiProblem({ status: 0, code: 'cancelled' }))
    request.send(file)
  })
  return { done, cancel: () => request.abort() }
}

/** A recording, which the server makes into a voice message as WhatsApp knows them. */
export async function uploadVoice(clip: Blob): Promise<Media> {
  let response: Response
  try {
    response = await fetch(urlOf('/media/voice'), {
      method: 'POST', body: clip, credentials: 'same-origin',
      headers: { 'Content-Type': clip.type || 'application/octet-stream', 'X-CSRF-Token': getCsrfToken() },
    })
  } catch {
    throw new ApiProblem({ status: 0, code: OFFLINE })
  }
  const text = await response.text()
  if (response.status !== 201) throw problemOf(response.status, text)
  return JSON.parse(text) as Media
}
