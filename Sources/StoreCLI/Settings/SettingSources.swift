// Where settings are looked up (flag, environment, `.env` files), what is found, with its place, and how
// much of it a message may show.

import Foundation
import VectorStore

/// The settings that were found, each with its place.
///
/// A flag beats the environment, which beats `.env.development`, which beats `.env.base`; both files
/// are those of the working folder. An empty value counts as not set, but for a flag, where it is an
/// error. A plain `.env` is not read: it belongs to the program that is developed there.
struct SettingSources: Sendable {
  /// The files, the one that beats the other first.
  static let fileNames = [".env.development", ".env.base"]

  /// What deserves a warning about the files and the environment.
  private(set) var warnings: [String] = []
  private var found: [SettingName: Found] = [:]

  /// A setting as it stands in its place, under the name that it has there.
  private struct Found {
    let value: HiddenText
    let origin: SettingOrigin
    let name: String
  }
  /// The keys of all places, that no message may show.
  private let keys: [HiddenText]

  /// Reads the files of a folder and looks every setting up.
  ///
  /// - Parameters:
  ///   - flags: the settings that the command line gives, with the flag's name.
  ///   - folder: the working folder.
  /// - Throws: ``SettingsError`` for a file that cannot be read and for a value that names another
  ///   variable.
  init(
    flags: [SettingName: (flag: String, text: String?)] = [:], environment: [String: String],
    folder: String
  ) throws {
    let environment = environment.filter { !$0.value.isEmpty }
    var files: [EnvironmentFile] = []
    for name in Self.fileNames {
      switch try EnvironmentFile.read(name, in: folder) {
      case .nothing: break
      case .notRegular: warnings.append("\(name) is not a regular file and is not read")
      case .file(let file): files.append(file)
      }
    }
    let keyNames = [SettingName.apiKey, .rerankKey, .parseKey].map(\.rawValue)
    let fileKeys = files.flatMap(\.entries).filter { keyNames.contains($0.name) }
      .compactMap(\.value)
    let environmentKeys = keyNames.compactMap { environment[$0] }.map { HiddenText($0) }
    keys = (environmentKeys + fileKeys).filter { !$0.revealed.isEmpty }
    for name in SettingName.allCases {
      if let flag = flags[name], let text = flag.text {
        found[name] = Found(value: HiddenText(text), origin: .flag(flag.flag), name: flag.flag)
      } else if let used = name.names.first(where: { environment[$0] != nil }),
        let text = environment[used]
      {
        found[name] = Found(value: HiddenText(text), origin: .environment, name: used)
      } else {
        found[name] = try files.lazy.compactMap { try Self.last(name, in: $0) }.first
      }
    }
    warnings += SettingWarnings.names(
      in: files, environment: environment, found: Set(found.keys), keys: keys)
  }

  /// Puts the value of a setting where its entry of the table says, and remembers where it was found.
  ///
  /// - Throws: ``SettingsError`` for a text that is not of the form.
  func read(_ name: SettingName, into settings: inout Settings) throws {
    guard let setting = found[name] else { return }
    let entry = name.entry
    let text = setting.value.revealed
    let isWrong = text.isEmpty || (!entry.isKey && SettingText.holdsKey(text, keys))
    if !isWrong, entry.read(text, &settings) {
      settings.origins[name] = setting.origin
      return
    }
    let shown = entry.shows(text) ? SettingText.printable(text, hiding: keys) : nil
    let found = shown.map { "\"\($0)\"" } ?? "not usable \(SettingText.hidden)"
    let hint = entry.hasDefault ? " (default: \(entry.shown(settings)))" : ""
    let message =
      switch setting.origin {
      case .flag: "\(setting.name) is \(found); expected \(entry.expected)"
      case .file(let file, let line):
        "\(setting.name) is \(found) in \(file), line \(line); expected \(entry.expected); "
          + "correct or remove the line\(hint)"
      case .environment, .collection, .default, .folderAbove:
        "\(setting.name) is \(found) in the environment; expected \(entry.expected); "
          + "correct or unset it\(hint)"
      }
    throw SettingsError(message: message)
  }

  /// A text for a person to read, without control characters and without a key.
  func printable(_ text: String) -> String {
    SettingText.printable(text, hiding: keys) ?? SettingText.hidden
  }

  /// The last entry of a name in a file, if it sets a value.
  private static func last(
    _ name: SettingName, in file: EnvironmentFile
  ) throws -> Found? {
    guard let entry = file.entries.last(where: { name.names.contains($0.name) }),
      let value = entry.value, !value.revealed.isEmpty
    else { return nil }
    guard !entry.refersToVariable else {
      throw SettingsError(
        message: "\(entry.name) in \(file.name), line \(entry.line) refers to a variable by "
          + "${…}, which is not supported: a file could so borrow a key of your environment; write "
          + "the value itself, or put it in single quotes if it is meant as it stands")
    }
    return Found(value: value, origin: .file(file.name, line: entry.line), name: entry.name)
  }
}

/// Where a value comes from.
enum SettingOrigin: Sendable, Hashable {
  /// A flag of the command line, as `--mode`.
  case flag(String)
  case environment
  /// A line of a `.env` file of the working folder.
  case file(String, line: Int)
  /// What a collection of a store remembers.
  case collection(String, store: String)
  case `default`
  /// A folder above the working folder, in which the store was found.
  case folderAbove

  /// The file, if it is one. Files come with a folder, which anyone may have made; the other places
  /// belong to the user.
  var file: String? {
    if case .file(let name, _) = self { name } else { nil }
  }

  /// Whether it is a store, which may have come from anyone.
  var isCollection: Bool {
    if case .collection = self { true } else { false }
  }
}

extension SettingOrigin: CustomStringConvertible {
  /// As `environment` or `.env.base, line 3`.
  var description: String {
    switch self {
    case .flag(let name): name
    case .environment: "environment"
    case .file(let name, let line): "\(name), line \(line)"
    case .collection(let name, let store): "the collection \"\(name)\" of \(store)"
    case .default: "default"
    case .folderAbove: "found in a folder above"
    }
  }
}

/// A text that no description, dump or mirror shows.
struct HiddenText: Sendable, Hashable {
  /// The text itself. Never to be put into a message.
  let revealed: String

  init(_ text: String) { revealed = text }
}

extension HiddenText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  var description: String { "(not shown)" }

  var debugDescription: String { description }

  var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What may be shown of a text that somebody else wrote.
enum SettingText {
  /// What stands in place of a text that is not shown.
  static let hidden = "(its text is not shown)"

  /// A text without control characters, shortened if it is long; nil if it holds a key, even a
  /// dummy one.
  static func printable(_ text: String, hiding keys: [HiddenText]) -> String? {
    let isHidden = keys.contains { key in
      text == key.revealed || (key.revealed.utf8.count >= 8 && text.contains(key.revealed))
    }
    guard !isHidden, !holdsKey(text, keys) else { return nil }
    var shown = ""
    for scalar in text.unicodeScalars.prefix(200) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        shown += scalar.escaped(asASCII: true)
      default: shown.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.count > 200 ? shown + "…" : shown
  }

  /// Whether a text holds one of the keys, or something made like a key of OpenAI's: a key is easily
  /// put into the wrong variable. Short dummy keys, which may be part of any text, do not count.
  static func holdsKey(_ text: String, _ keys: [HiddenText]) -> Bool {
    if keys.contains(where: { $0.revealed.utf8.count >= 16 && text.contains($0.revealed) }) {
      return true
    }
    return text.ranges(of: "sk-").contains { range in
      let isStart = text[..<range.lowerBound].last.map { !($0.isLetter || $0.isNumber) } ?? true
      let rest = text[range.upperBound...].prefix {
        $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_")
      }
      return isStart && rest.count >= 16
    }
  }
}
