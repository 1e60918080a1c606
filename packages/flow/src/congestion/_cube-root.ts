/**
 * Cube root, the same bits in every engine: `Math.cbrt` may differ in the last place from one to the other, and connections must
 * not. Needs only what IEEE 754 rounds exactly. Relative error below 1e-15; 0 for what is not positive.
 */
export function cubeRoot(x: number): number {
  if (!(x > 0)) return 0
  if (x === Infinity) return Infinity
  // 1/3 = 1/4 + 1/16 + 1/64 + …: six fourth roots of each other, multiplied, miss by x^(1/12288), six per cent at the ends of the range.
  let root = 1
  let fourth = x
  for (let i = 0; i < 6; i++) {
    fourth = Math.sqrt(Math.sqrt(fourth))
    root *= fourth
  }
  // Newton: each step squares the error.
  for (let i = 0; i < 4; i++) root -= (root - x / root / root) / 3
  return root
}
