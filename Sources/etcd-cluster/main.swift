/// The entry point: becomes a child where it was started to, else does what the command line says.

import Daemon
import FoundationEssentials
import Glibc
import Supervision

StandardStreams.openClosedOnes()
Trampoline.runIfAsked()
MallocArenas.bound()
let arguments = Array(CommandLine.arguments.dropFirst())
exit(await runProgram(arguments: arguments, environment: ProcessInfo.processInfo.environment))
