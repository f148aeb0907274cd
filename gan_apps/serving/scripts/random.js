// NumPy's frozen generator, RandomState, so that a seed gives here the picture that the commands
// draw: Matsumoto & Nishimura's Mersenne Twister (1998) and Marsaglia's polar method.

const N = 624;
const M = 397;

export class RandomState {
  // key: a list of whole numbers in [0, 2**32).
  constructor(key) {
    this.state = new Uint32Array(N);
    this.place = N;
    this.kept = null;
    this.seed(key);
  }

  seed(key) {
    const state = this.state;
    state[0] = 19650218;
    for (let i = 1; i < N; i++) {
      state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
    }
    let i = 1;
    let j = 0;
    for (let k = Math.max(N, key.length); k > 0; k--) {
      state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1664525)) + key[j] + j;
      i++;
      j = (j + 1) % key.length;
      if (i === N) {
        state[0] = state[N - 1];
        i = 1;
      }
    }
    for (let k = N - 1; k > 0; k--) {
      state[i] = (state[i] ^ Math.imul(state[i - 1] ^ (state[i - 1] >>> 30), 1566083941)) - i;
      i++;
      if (i === N) {
        state[0] = state[N - 1];
        i = 1;
      }
    }
    state[0] = 0x80000000;
  }

  // 32 random bits.
  bits() {
    const state = this.state;
    if (this.place === N) {
      for (let i = 0; i < N; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % N] & 0x7fffffff);
        state[i] = state[(i + M) % N] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      this.place = 0;
    }
    let y = state[this.place++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  // Uniform in [0, 1), of 53 bits.
  uniform() {
    const high = this.bits() >>> 5;
    const low = this.bits() >>> 6;
    return (high * 67108864 + low) / 9007199254740992;
  }

  normal() {
    if (this.kept !== null) {
      const kept = this.kept;
      this.kept = null;
      return kept;
    }
    for (;;) {
      const x = 2 * this.uniform() - 1;
      const y = 2 * this.uniform() - 1;
      const square = x * x + y * y;
      if (square < 1 && square !== 0) {
        const factor = Math.sqrt((-2 * Math.log(square)) / square);
        this.kept = factor * x;
        return factor * y;
      }
    }
  }

  // A number of [0, weights.length), as often as its weight says.
  choice(weights) {
    const bounds = [];
    let sum = 0;
    for (const weight of weights) {
      sum += weight;
      bounds.push(sum);
    }
    const draw = this.uniform() * sum;
    const found = bounds.findIndex((bound) => draw < bound);
    return found < 0 ? weights.length - 1 : found;
  }
}
