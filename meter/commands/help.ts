export const HELP = `npm run meter -- run OPTIONS -- COMMAND     starts a command, and charges what it uses
npm run meter -- attach OPTIONS             charges what runs already
npm run meter -- slurm-hold | slurm-charge | kubelet     for clusters: docs/meter-recipes.md

  --server URL             metering server (http://127.0.0.1:8080)
  --key-file FILE          the provider's key
  --payer-key-file FILE    API key of who pays, or
  --meter-key-file FILE    a meter's key: signs what GPUs show (docs/evidence.md)
  --spender ID             a spender that gave the provider access
  --name NAME              the lease's name: the same again takes up what an agent left
  --state FOLDER           journals, one folder for each lease (.data/meter)

What is charged:
  --cpu                    CPU time that is used
  --cpus NUMBER            CPUs that are set aside, for as long as it runs; with --cpu the most
  --memory                 memory that is used
  --memory-limit SIZE      memory that is set aside, such as 4GiB; with --memory the most
  --gpu all|UUID,…         GPUs or MIG slices that are set aside
  --dcgm-exporter URL      asks dcgm-exporter for them, in place of NVIDIA's driver
  --disk FOLDER            bytes used of the file system there
  --disk-quota SIZE        bytes that are set aside
  --network                bytes received and sent, of a network of its own
  --network-limit SIZE     the most of them in a second, for the hold (128MiB)
  --meters NAME,…          other meters, such as cpu.seconds,gpu.milliseconds
  --dimension NAME=VALUE   of the rate; may be given several times

What runs:
  --user NAME              the command's user, who then cannot read the keys' files
  --pid NUMBER             attach: a process with all that it starts; may be given several times
  --cgroup FOLDER          attach: a control group; may be given several times
  --container NAME         attach: a container of Docker's; may be given several times
  --docker-socket FILE     Docker's socket (/var/run/docker.sock)

When, in seconds:
  --interval NUMBER        between two readings (10)
  --grace NUMBER           between SIGTERM and SIGKILL (10)
  --margin NUMBER          kept free before a hold ends, for the last capture (5)
  --reach NUMBER           how far a hold reaches; default and least follow from the others
  --help                   this text

It exits with the command's code; 69 if nothing was started, 75 if the agent ended it.`;
