/*
 * Where a small window goes beside the thing that opened it: below if there is room, else above, and
 * never over the edge of the screen.
 */
export interface Box {
  left: number
  top: number
  width: number
  height: number
}

const GAP = 4
const EDGE = 8

export function placeBeside(anchor: Box, size: { width: number; height: number }, screen: { width: number; height: number }, align: 'start' | 'end'): { left: number; top: number } {
  const wanted = align === 'start' ? anchor.left : anchor.left + anchor.width - size.width
  const below = anchor.top + anchor.height + GAP
  const above = anchor.top - GAP - size.height
  const fitsBelow = below + size.height <= screen.height - EDGE
  const clamp = (value: number, room: number, extent: number) => Math.max(EDGE, Math.min(value, room - extent - EDGE))
  return {
    left: clamp(wanted, screen.width, size.width),
    top: fitsBelow || above < EDGE ? clamp(below, screen.height, size.height) : above,
  }
}
