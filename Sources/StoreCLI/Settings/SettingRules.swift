// What a `.env` file may not do, since it may have come with somebody else's folder, and what deserves
// a warning.

import ArgumentParser
import Foundation
import VectorStore

/// A server that the settings name: where texts, and a key, may go.
struct ServerSetting {
  let address: ServiceAddress
  let key: HiddenText?
  let addressName: SettingName
  let keyName: SettingName
  /// Whether texts and the key go to this address in any case, whoever names it.
  var isOwn: Bool {
    addressName == .parseURL ? address == .llamaParse : address.isOpenAI
  }
}

extension Settings {
  /// The server of embeddings.
  var embeddingServer: ServerSetting {
    ServerSetting(
      address: address, key: storedKey, addressName: .apiURL, keyName: .apiKey)
  }

  /// LlamaParse.
  var parseServer: ServerSetting {
    ServerSetting(
      address: parseAddress, key: parseKey, addressName: .parseURL, keyName: .parseKey)
  }

  /// The server of rerankers, if there is one.
  var rerankServer: ServerSetting? {
    rerankAddress.map {
      ServerSetting(address: $0, key: rerankKey, addressName: .rerankURL, keyName: .rerankKey)
    }
  }
}

/// A key is never sent to an address that comes from a less trusted place than the key.
///
/// The environment is the user's. A `.env` file may have come with a cloned repository, so each file
/// is a place of its own: its address is used with its own key only. An address of OpenAI's own is
/// free to stand anywhere, for the key would go there without it too.
///
/// This holds for keys; ``TextAddressRule`` is about texts.
enum KeyAddressRule {
  /// Why the key may not be sent to the address, or nil if it may.
  ///
  /// - Parameter shown: the address as it may be shown.
  static func refusal(
    _ settings: Settings, of server: ServerSetting, shown: String
  ) -> SettingsError? {
    let (addressName, keyName) = (server.addressName.rawValue, server.keyName.rawValue)
    let (key, address) = (
      settings.origin(of: server.keyName), settings.origin(of: server.addressName)
    )
    guard server.key != nil, let file = address.file, !server.isOwn, key.file != file
    else { return nil }
    let remedy =
      key.file == nil
      ? "set \(addressName) in the environment too, or unset \(keyName) there and put the key "
        + "for this address into \(file)"
      : "put the two into the same file, or set \(addressName) in the environment"
    return SettingsError(
      message: "the key is not sent to \(shown): \(addressName) comes from \(address), and "
        + "\(keyName) from \(key.file == nil ? "the \(key)" : "\(key)"); an address out of a "
        + ".env file is used with a key of the same file only, so that a folder from elsewhere "
        + "cannot steal a key; if you trust this address, \(remedy)")
  }
}

/// A `.env` file cannot give another server's vectors out as OpenAI's.
enum ProviderRule {
  /// - Parameter shown: the address as it may be shown.
  /// - Throws: ``SettingsError`` if a file does.
  static func check(_ settings: Settings, shown: String) throws {
    let origin = settings.origin(of: .provider)
    guard settings.openAI.provider == "openai", origin.file != nil, !settings.address.isOpenAI
    else { return }
    throw SettingsError(
      message: "OPENAI_PROVIDER is \"openai\" in \(origin), but OPENAI_API_URL is \(shown) "
        + "(\(settings.origin(of: .apiURL))); a .env file cannot give another server's vectors out "
        + "as OpenAI's; remove the line, or set OPENAI_PROVIDER in the environment if the server "
        + "passes requests on to OpenAI")
  }
}

/// Texts, and a key, go to an address that only a `.env` file or a store names after the user has allowed
/// it, once.
///
/// The environment and flags are the user's own word. An address on this machine is free, since
/// texts do not leave it, and so is OpenAI's own, as it is for keys. Any other is asked about on a
/// terminal and refused elsewhere. A store remembers the addresses that its user named; another user's
/// store may name any.
enum TextAddressRule {
  /// Returns if texts may be sent to the address, which may take a question and its answer.
  ///
  /// - Throws: ``SettingsError`` if nobody can answer, and exit status 1 if the answer is no.
  static func check(_ settings: Settings) throws {
    try check(settings, settings.embeddingServer)
  }

  /// The same for one of the servers.
  static func check(_ settings: Settings, _ server: ServerSetting) throws {
    let (address, origin) = (server.address, settings.origin(of: server.addressName))
    guard origin.file != nil || origin.isCollection, !server.isOwn, !address.isLoopback else {
      return
    }
    let allowed = settings.allowedAddresses
    // For the key of a `.env` file there is ``KeyAddressRule``.
    let key = origin.isCollection ? server.key : nil
    let sendsToStranger = !allowed.contains(address)
    guard sendsToStranger || key.map({ !allowed.contains(address, key: $0) }) ?? false else {
      return
    }
    let place =
      origin.isCollection
      ? "\(origin)" : "\(FileManager.default.currentDirectoryPath)/\(origin)"
    let what = key == nil ? "texts" : sendsToStranger ? "texts and the key" : "the key"
    guard Confirmation.isPossible else {
      let sent = what == "the key" ? "is" : "are"
      let known =
        sendsToStranger
        ? "you have not allowed it; if you trust it, "
        : "this key was not used there; if it belongs there, "
      throw SettingsError(
        message: "\(what) \(sent) not sent to \(address): only \(place) names this address, and "
          + known + "run the command once on a terminal and answer yes, or set "
          + "\(server.addressName.rawValue)=\(address) in the environment; --mode mock works without a server"
      )
    }
    let terminal = Terminal.standardError
    terminal.write(
      "\(Terminal.oneLine(place)) sends \(key == nil ? "your texts" : what) to \(address). "
        + (sendsToStranger
          ? "You have not used this address before.\n" : "You have not used this key there.\n"))
    guard Confirmation.isAgreed("Send \(what) to \(address)?") else {
      terminal.write("nothing was sent\n")
      throw ExitCode.failure
    }
    remember(address, key: key, in: allowed)
  }

  /// Remembers an address that was named by the user and that a store remembers from now on.
  static func remember(_ settings: Settings) throws {
    let origin = settings.origin(of: .apiURL)
    guard origin.file == nil, !origin.isCollection, settings.configuration.service != nil,
      !settings.address.isOpenAI
    else { return }
    let (address, allowed) = (settings.address, settings.allowedAddresses)
    let key = try settings.key()
    if let key, !allowed.contains(address, key: key) {
      remember(address, key: key, in: allowed)
    } else if !address.isLoopback, !allowed.contains(address) {
      remember(address, key: nil, in: allowed)
    }
  }

  private static func remember(
    _ address: ServiceAddress, key: HiddenText?, in allowed: AllowedAddresses
  ) {
    do {
      try allowed.add(address, key: key)
    } catch {
      Terminal.standardError.write("warning: \(Terminal.oneLine("\(error)"))\n")
    }
  }
}

/// The addresses that the user has named or allowed, which a `.env` file or a store may name again: an address a
/// line. It holds no key: a key that was sent to an address leaves only four bytes of its hash with the address.
struct AllowedAddresses {
  private let file: AllowedLines

  /// The file in a state folder.
  init(stateFolder: String) {
    file = AllowedLines(
      path: stateFolder + "/allowed-addresses",
      heading:
        "# Servers that `store` may send texts to, and the marks of keys, although only a .env file or a\n"
        + "# store names them. Delete a line to be asked again.\n")
  }

  /// Whether an address was allowed, in any of its spellings. A file that cannot be read allows none.
  func contains(_ address: ServiceAddress) -> Bool { !lines(of: address).isEmpty }

  /// Whether a key was sent to an address before.
  func contains(_ address: ServiceAddress, key: HiddenText) -> Bool {
    let mark = Self.mark(key, address)
    return lines(of: address).contains { $0.dropFirst().contains(mark) }
  }

  /// The words of the lines of an address.
  private func lines(of address: ServiceAddress) -> [[String]] {
    file.lines().map { $0.split(separator: " ").map(String.init) }
      .filter { (try? ServiceAddress($0.first ?? "")) == address }
  }

  private static func mark(_ key: HiddenText, _ address: ServiceAddress) -> String {
    let hash = SHA256.hash(Data("\(address.normal)\0\(key.revealed)".utf8))
    return "key:" + hash.prefix(4).map { String($0, radix: 16) }.joined(separator: "-")
  }

  /// Adds an address for good.
  ///
  /// - Throws: ``SettingsError`` if the file cannot be written.
  func add(_ address: ServiceAddress, key: HiddenText? = nil) throws {
    let mark = key.map { " " + Self.mark($0, address) } ?? ""
    try file.add("\(address.normal)\(mark)")
  }
}

/// What the user has allowed, in a text file that the user may edit.
///
/// It stands in the user's state folder, which no `.env` file has a say in.
struct AllowedLines {
  /// Far more than anybody allows.
  private static let maximumBytes = 1 << 20

  let path: String
  /// The first lines of a new file, each after a `#`.
  let heading: String

  /// Its lines. A file that cannot be read has none.
  func lines() -> [Substring] { text().split(whereSeparator: \.isNewline) }

  /// Adds a line for good.
  ///
  /// - Throws: ``SettingsError`` if the file cannot be written.
  func add(_ text: String) throws {
    let folder = URL(filePath: path).deletingLastPathComponent()
    try? FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let before = self.text()
    let start = before.isEmpty ? heading : before.hasSuffix("\n") ? "" : "\n"
    // A line of its own in one write: several processes may add at once.
    let line = Array("\(start)\(text)\n".utf8)
    let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    defer { if file >= 0 { close(file) } }
    guard file >= 0, fchmod(file, 0o600) == 0, write(file, line, line.count) == line.count else {
      throw SettingsError(
        message: "your answer cannot be remembered in \(path): "
          + "\(String(cString: strerror(errno))); you will be asked again")
    }
  }

  private func text() -> String {
    let bytes = try? WholeFile.read(path, limit: Self.maximumBytes, followsLink: false)
    return String(decoding: bytes ?? Data(), as: UTF8.self)
  }
}

/// The warnings, as pure decisions.
enum SettingWarnings {
  /// Names that look like settings and are none, and settings that stand without a value.
  ///
  /// Another program's name for a setting of ours is worth a warning only if ours is not set. In the
  /// environment, which all programs share, only names that say where a key goes and who pays count:
  /// the user might else think that this command goes by them.
  static func names(
    in files: [EnvironmentFile], environment: [String: String], found: Set<SettingName>,
    keys: [HiddenText]
  ) -> [String] {
    var warnings: [String] = []
    for file in files {
      for entry in file.entries {
        let place = "\(file.name), line \(entry.line): "
        if SettingName.allCases.contains(where: { $0.names.contains(entry.name) }) {
          if entry.value == nil {
            warnings.append(place + "\(entry.name) stands without = and sets nothing")
          }
        } else if SettingName.looksLikeOne(entry.name) {
          warnings += unknown(entry.name, found: found, keys: keys).map { place + $0 }
        }
      }
    }
    for (name, ours) in SettingName.foreignNames.sorted(by: { $0.key < $1.key })
    where [.apiURL, .organization, .project].contains(ours) && environment[name] != nil {
      warnings += unknown(name, found: found, keys: keys).map { "in the environment: " + $0 }
    }
    return warnings
  }

  /// What is wrong with a name that is no setting; nothing if its meaning is set by our name too.
  private static func unknown(
    _ name: String, found: Set<SettingName>, keys: [HiddenText]
  ) -> [String] {
    if let ours = SettingName.foreignNames[name.uppercased()] {
      return found.contains(ours)
        ? [] : ["\(name) is not read; the setting is called \(ours.rawValue) here"]
    }
    let shown = SettingText.printable(name, hiding: keys) ?? "a name \(SettingText.hidden)"
    let hint = SettingName.nearest(to: name).map { "; \($0.rawValue) is probably meant" } ?? ""
    return ["\(shown) is not a setting and is not read\(hint)"]
  }

  /// What is worth knowing before the service is asked.
  ///
  /// A `.env` file may loosen the budget, for that is what a project's settings are for. If the key is
  /// the user's own and the file only lies in the folder, that deserves a warning.
  static func service(_ settings: Settings, printable: (String) -> String) -> [String] {
    guard settings.storedKey != nil, settings.configuration.mode != .mock else { return [] }
    var warnings: [String] = []
    let address = settings.address
    if !address.isEncrypted, !address.isLoopback {
      warnings.append(
        "OPENAI_API_URL is \(printable(address.description)) (\(settings.origin(of: .apiURL))): the "
          + "key is sent unencrypted; use https, or leave OPENAI_API_KEY out if the server needs none"
      )
    }
    guard settings.origin(of: .apiKey).file == nil else { return warnings }
    let (openAI, budget, usual) = (
      settings.openAI, settings.configuration.budget, BudgetConfiguration()
    )
    let known = TokenPrice.known(model: openAI.model)?.perMillionTokens ?? .zero
    let loosening: [(SettingName, Bool)] = [
      (.provider, openAI.provider != nil && openAI.provider != address.provider),
      (.price, (openAI.price?.perMillionTokens).map { $0 < known } ?? false),
      (.costTracking, !budget.isEnforced),
      (.dailyCostLimit, loosens(budget.dailyCostLimit, usual.dailyCostLimit)),
      (.hourlyRateLimit, loosens(budget.hourlyRequestLimit, usual.hourlyRequestLimit)),
      (.ledger, true),
    ]
    for (name, loosens) in loosening where loosens && settings.origin(of: name).file != nil {
      warnings.append(
        "\(settings.origin(of: name)): \(name.rawValue)=\(printable(name.entry.shown(settings))) "
          + "loosens the budget of the key in the environment; set \(name.rawValue) there too if that "
          + "is meant")
    }
    return warnings
  }

  /// Whether a limit allows more than the usual one.
  private static func loosens<Amount>(
    _ limit: SpendingLimit<Amount>, _ usual: SpendingLimit<Amount>
  ) -> Bool {
    guard let allowed = limit.amount, let usual = usual.amount else { return limit == .unlimited }
    return allowed > usual
  }
}
