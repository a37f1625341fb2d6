// Run by s3Server.ts: a server that speaks S3's protocol, until this process is ended.
const Server = require('s3rver');

const server = new Server({
  address: '127.0.0.1',
  port: 0,
  silent: true,
  directory: process.argv[2],
  configureBuckets: [{ name: 'artifacts', configs: [] }],
});
process.on('disconnect', () => process.exit(0));
server.run().then(({ port }) => process.send({ port }));
