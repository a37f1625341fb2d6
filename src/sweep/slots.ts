/** Numbers the tasks that run side by side: a task takes the lowest free slot and gives it back when it ends. */
export function createSlots(count: number): { use<T>(task: (slot: number) => Promise<T>): Promise<T> } {
  const busy = new Array<boolean>(count).fill(false);
  return {
    use: async (task) => {
      const free = busy.indexOf(false);
      const slot = free < 0 ? busy.push(false) - 1 : free;
      busy[slot] = true;
      try {
        return await task(slot);
      } finally {
        busy[slot] = false;
      }
    },
  };
}
