// The command's entry point; everything else is in StoreCLI.

import StoreCLI

await runStoreCommand()
