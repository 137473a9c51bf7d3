// Runs the built command with a terminal for its outputs, and tells what reached it.

import Foundation

extension Command {
  /// Runs the command to its end on a terminal of its own; returns its status and all that it wrote
  /// there, on standard output and standard error.
  package func runOnTerminal(_ arguments: [String]) async throws -> (status: Int32, screen: String)
  {
    let (master, slave) = try Self.openTerminal()
    // As it is written: line feeds stay what they are.
    var settings = termios()
    tcgetattr(slave, &settings)
    settings.c_oflag &= ~tcflag_t(OPOST)
    tcsetattr(slave, TCSANOW, &settings)

    let process = Process()
    process.executableURL = URL(filePath: Command.path)
    process.arguments = arguments
    process.environment = environment.merging(["TERM": "xterm"]) { own, _ in own }
    process.currentDirectoryURL = folder.url
    process.standardInput = FileHandle.nullDevice
    let terminal = FileHandle(fileDescriptor: slave, closeOnDealloc: false)
    process.standardOutput = terminal
    process.standardError = terminal
    let ended = AsyncStream<Void>.makeStream()
    process.terminationHandler = { _ in ended.continuation.finish() }
    try process.run()
    close(slave)
    // On a thread of its own: it waits until the command has closed the terminal.
    let screen = await withCheckedContinuation { continuation in
      Thread {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
          let count = read(master, &buffer, buffer.count)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { break }
          bytes += buffer[..<count]
        }
        close(master)
        continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
      }.start()
    }
    for await _ in ended.stream {}
    return (process.terminationStatus, screen)
  }

  /// The two ends of a new terminal: the one that a person would sit at, and the command's.
  private static func openTerminal() throws -> (master: Int32, slave: Int32) {
    let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard master >= 0 else { throw POSIXError(.ENOTTY) }
    #if canImport(Darwin)
      guard grantpt(master) == 0, unlockpt(master) == 0, let path = ptsname(master) else {
        throw POSIXError(.ENOTTY)
      }
      let name = String(cString: path)
    #else
      // Glibc shows Swift no unlockpt and ptsname; these are the calls they make (ioctl_tty(2)).
      let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      var (isLocked, index): (Int32, UInt32) = (0, 0)
      guard ioctl(master, unlock, &isLocked) == 0, ioctl(master, number, &index) == 0 else {
        throw POSIXError(.ENOTTY)
      }
      let name = "/dev/pts/\(index)"
    #endif
    let slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC)
    guard slave >= 0 else { throw POSIXError(.ENOTTY) }
    return (master, slave)
  }
}
