// Run by lock.test.ts: takes the folder, says so, and keeps it until it is killed.
import { lockStore } from '../../src/store/lock.ts';

lockStore(process.argv[2]!, 'sweep math');
process.stdout.write('held\n');
setInterval(() => {}, 1000);
