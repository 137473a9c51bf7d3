// The command's entry point; everything else is in StoreCLI.

import StoreCLI

checkStoreCommandCanRun()
await runStoreCommand()
