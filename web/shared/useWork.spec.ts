import { describe, expect, it } from 'vitest'
import { ApiProblem } from './api/client'
import { useWork } from './useWork'

describe('something that a person started', () => {
  it('is under way, then done; a second click meanwhile does nothing', async () => {
    const { busy, problem, run } = useWork()
    let finish = () => {}
    let times = 0
    const work = () => new Promise<void>((done) => { times++; finish = done })
    const first = run(work)
    expect(busy.value).toBe(true)
    expect(await run(work)).toBe(false)
    finish()
    expect(await first).toBe(true)
    expect([times, busy.value, problem.value]).toEqual([1, false, null])
  })
  it('keeps why it failed until it is tried again', async () => {
    const { busy, problem, run } = useWork()
    expect(await run(() => Promise.reject(new ApiProblem({ status: 409, code: 'taken' })))).toBe(false)
    expect([busy.value, problem.value?.code]).toEqual([false, 'taken'])
    expect(await run(() => Promise.resolve())).toBe(true)
    expect(problem.value).toBeNull()
  })
})
