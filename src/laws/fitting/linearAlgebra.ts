/** Small dense symmetric systems (a law has at most a dozen parameters): rows of plain arrays. */

/** x with M·x = b for symmetric positive definite M, or null when M is singular to working precision (Cholesky). */
export function solvePositive(matrix: readonly (readonly number[])[], b: readonly number[]): number[] | null {
  const n = b.length;
  const lower: number[][] = [];
  for (let i = 0; i < n; i++) {
    const row: number[] = [];
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i]![j]!;
      for (let k = 0; k < j; k++) sum -= row[k]! * (i === j ? row[k]! : lower[j]![k]!);
      if (i === j) {
        if (!(sum > matrix[i]![i]! * 1e-14)) return null;
        row.push(Math.sqrt(sum));
      } else row.push(sum / lower[j]![j]!);
    }
    lower.push(row);
  }
  const y: number[] = [];
  for (let i = 0; i < n; i++) {
    let sum = b[i]!;
    for (let k = 0; k < i; k++) sum -= lower[i]![k]! * y[k]!;
    y.push(sum / lower[i]![i]!);
  }
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = y[i]!;
    for (let k = i + 1; k < n; k++) sum -= lower[k]![i]! * x[k]!;
    x[i] = sum / lower[i]![i]!;
  }
  return x;
}

/** Eigenvalues of a symmetric matrix, ascending (cyclic Jacobi rotations). */
export function symmetricEigenvalues(matrix: readonly (readonly number[])[]): number[] {
  const a = matrix.map((row) => [...row]);
  const n = a.length;
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) off += a[i]![j]! ** 2;
    if (off < 1e-30) break;
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (a[p]![q] === 0) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
        const c = 1 / Math.sqrt(t * t + 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const kp = a[k]![p]!;
          const kq = a[k]![q]!;
          a[k]![p] = c * kp - s * kq;
          a[k]![q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k++) {
          const pk = a[p]![k]!;
          const qk = a[q]![k]!;
          a[p]![k] = c * pk - s * qk;
          a[q]![k] = s * pk + c * qk;
        }
      }
    }
  }
  return a.map((row, i) => row[i]!).sort((x, y) => x - y);
}

/**
 * Least squares for few columns, min ‖X·c − y‖² with c_j ≥ 0 where not free, from the Gram matrix X'X and X'y. Tries
 * every set of active columns (at most 2^5), which is exact and has no iteration to fail.
 */
export function nonNegativeLeastSquares(
  gram: readonly (readonly number[])[],
  target: readonly number[],
  isFree: readonly boolean[] = [],
): number[] {
  const columns = target.length;
  const always = target.reduce((bits, _, j) => (isFree[j] ? bits | (1 << j) : bits), 0);
  let best = new Array<number>(columns).fill(0);
  let bestGain = 0;
  for (let subset = 1; subset < 1 << columns; subset++) {
    if ((subset & always) !== always) continue;
    const active: number[] = [];
    for (let j = 0; j < columns; j++) if (subset & (1 << j)) active.push(j);
    const solution = solvePositive(
      active.map((i) => active.map((j) => gram[i]![j]!)),
      active.map((j) => target[j]!),
    );
    if (!solution?.every((value, k) => value >= 0 || isFree[active[k]!])) continue;
    // ‖y‖² − residual of this set's exact solution.
    const gain = solution.reduce((sum, value, k) => sum + value * target[active[k]!]!, 0);
    if (gain > bestGain) {
      bestGain = gain;
      best = new Array<number>(columns).fill(0);
      solution.forEach((value, k) => {
        best[active[k]!] = value;
      });
    }
  }
  return best;
}
