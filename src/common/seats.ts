/** A place where a run is trained, as people are shown it: a whole device, or one of the seats that share it. */
export interface Place {
  /** `cpu 0`, `gpu 1`. */
  device: string;
  /** null where the device has only one. */
  seat: number | null;
  /** The run that is there, if any. */
  doing?: unknown;
}

/** `gpu 0`, `gpu 0 seat 3`. */
export function placeName({ device, seat }: Pick<Place, 'device' | 'seat'>): string {
  return seat === null ? device : `${device} seat ${seat}`;
}

/**
 * What to show of places: each device and each seat that has a run, and the idle seats of a device as one, behind those
 * that have (`gpu 0, 13 seats`; the first of them stands for all). A device may have dozens that nothing needs.
 */
export function shownPlaces<P extends Place>(places: readonly P[]): { name: string; place: P }[] {
  const devices = [...new Set(places.map(({ device }) => device))];
  return devices.flatMap((device) => {
    const mine = places.filter((place) => place.device === device);
    const alone = mine.filter((place) => place.seat === null || place.doing);
    const idle = mine.filter((place) => !alone.includes(place));
    const first = idle[0];
    return [
      ...alone.map((place) => ({ name: placeName(place), place })),
      ...(first
        ? [{ name: idle.length === 1 ? placeName(first) : `${device}, ${idle.length} seats`, place: first }]
        : []),
    ];
  });
}
