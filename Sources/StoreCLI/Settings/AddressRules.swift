// Where a key and texts may be sent, by where the address comes from: the two rules that guard against
// a `.env` file that came with somebody else's folder.

import ArgumentParser
import Foundation
import VectorStore

/// A key is never sent to an address that comes from a less trusted place than the key.
///
/// The environment is the user's. A `.env` file may have come with a cloned repository, so each file
/// is a place of its own: its address is used with its own key only. An address of OpenAI's own is
/// free to stand anywhere, for the key would go there without it too.
///
/// This holds for keys; ``TextAddressRule`` is about texts.
enum KeyAddressRule {
  /// Why the key may not be sent to the address, or nil where it may.
  ///
  /// - Parameters:
  ///   - key: where the key comes from.
  ///   - shown: the address as it may be shown.
  static func refusal(
    key: SettingOrigin, address: Setting<ServiceAddress>, shown: String
  ) -> SettingsError? {
    guard let file = address.origin.file, !address.value.isOpenAI, key.file != file else {
      return nil
    }
    let remedy =
      key.file == nil
      ? "set OPENAI_API_URL in the environment too, or unset OPENAI_API_KEY there and put the key "
        + "for this address into \(file)"
      : "put the two into the same file, or set OPENAI_API_URL in the environment"
    return SettingsError(
      message: "the key is not sent to \(shown): OPENAI_API_URL comes from \(address.origin), and "
        + "OPENAI_API_KEY from \(key.file == nil ? "the \(key)" : "\(key)"); an address out of a "
        + ".env file is used with a key of the same file only, so that a folder from elsewhere "
        + "cannot steal a key; if you trust this address, \(remedy)")
  }
}

/// Texts go to an address that only a `.env` file names after the user has allowed it, once.
///
/// The environment and flags are the user's own word. An address on this machine is free, since
/// texts do not leave it, and so is OpenAI's own, as it is for keys. Any other is asked about on a
/// terminal and refused elsewhere.
enum TextAddressRule {
  /// Returns if texts may be sent to the address, which may take a question and its answer.
  ///
  /// - Throws: ``SettingsError`` where nobody can answer, and exit status 1 where the answer is no.
  static func check(_ address: Setting<ServiceAddress>, allowed: AllowedAddresses) throws {
    guard address.origin.file != nil, !address.value.isOpenAI, !address.value.isLoopback,
      !allowed.contains(address.value)
    else { return }
    guard Confirmation.isPossible else {
      throw SettingsError(
        message: "texts are not sent to \(address.value): only \(place(of: address.origin)) names "
          + "this address, and you have not allowed it; if you trust it, run the command once on a "
          + "terminal and answer yes, or set OPENAI_API_URL=\(address.value) in the environment; "
          + "--mode mock works without a server")
    }
    let terminal = Terminal.standardError
    terminal.write(
      "\(Format.printable(place(of: address.origin))) sends your texts to \(address.value). "
        + "You have not used this address before.\n")
    guard Confirmation.isAgreed("Send texts to \(address.value)?") else {
      terminal.write("nothing was sent\n")
      throw ExitCode.failure
    }
    do {
      try allowed.add(address.value)
    } catch {
      terminal.write("warning: \(Format.printable("\(error)"))\n")
    }
  }

  /// The file with its folder, and the line.
  private static func place(of origin: SettingOrigin) -> String {
    "\(FileManager.default.currentDirectoryPath)/\(origin)"
  }
}

/// The addresses that the user has allowed although only a `.env` file names them: a text file, an
/// address a line, which the user may edit.
///
/// It stands in the user's state folder, which no `.env` file has a say in. It holds no key.
struct AllowedAddresses {
  /// Far more than anybody allows.
  private static let maximumBytes = 1 << 20

  let path: String

  /// The file in a state folder.
  init(stateFolder: String) { path = stateFolder + "/allowed-addresses" }

  /// Whether an address was allowed, in any of its spellings. A file that cannot be read allows none.
  func contains(_ address: ServiceAddress) -> Bool {
    text().split(whereSeparator: \.isNewline)
      .contains { (try? ServiceAddress(String($0))) == address }
  }

  /// Adds an address for good.
  ///
  /// - Throws: ``SettingsError`` where the file cannot be written.
  func add(_ address: ServiceAddress) throws {
    let folder = URL(filePath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let before = text()
    let heading =
      "# Servers that `store` may send texts to although only a .env file names them.\n"
      + "# Delete a line to be asked again.\n"
    let start = before.isEmpty ? heading : before.hasSuffix("\n") ? "" : "\n"
    // A line of its own in one write: several processes may add at once.
    let line = Array("\(start)\(address.normal)\n".utf8)
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    defer { if file >= 0 { close(file) } }
    guard file >= 0, fchmod(file, 0o600) == 0, write(file, line, line.count) == line.count else {
      throw SettingsError(
        message: "your answer cannot be remembered in \(path): "
          + "\(String(cString: strerror(errno))); you will be asked again")
    }
  }

  private func text() -> String {
    let file = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard file >= 0 else { return "" }
    let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      let bytes = try? handle.read(upToCount: Self.maximumBytes)
    else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }
}
