// All places where settings are looked up, as one value: flag, environment, `.env` files. Made once
// by a command; asked by ServiceSettings.

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

  /// What deserves to be told about the files and the environment.
  private(set) var warnings: [String] = []
  private var found: [SettingName: Setting<HiddenText>] = [:]
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
    let keyName = SettingName.apiKey.rawValue
    let fileKeys = files.flatMap(\.entries).filter { $0.name == keyName }.compactMap(\.value)
    let environmentKeys = environment[keyName].map { [HiddenText($0)] } ?? []
    keys = (environmentKeys + fileKeys).filter { !$0.revealed.isEmpty }
    for name in SettingName.allCases {
      if let flag = flags[name], let text = flag.text {
        found[name] = Setting(value: HiddenText(text), origin: .flag(flag.flag))
      } else if let text = environment[name.rawValue] {
        found[name] = Setting(value: HiddenText(text), origin: .environment)
      } else {
        found[name] = try files.lazy.compactMap { try Self.last(name, in: $0) }.first
      }
    }
    warnings += SettingWarnings.names(
      in: files, environment: environment, found: Set(found.keys), keys: keys)
  }

  /// The value of a setting, or nil where it is not set.
  ///
  /// - Throws: ``SettingsError`` for a text that is not of the form.
  func value<Value>(
    _ name: SettingName, as form: SettingForm<Value>
  ) throws -> Setting<Value>? {
    try value(name, as: form, fallback: nil)
  }

  /// The value of a setting, or its default where it is not set.
  ///
  /// - Throws: ``SettingsError`` for a text that is not of the form.
  func value<Value>(
    _ name: SettingName, as form: SettingForm<Value>, default fallback: Value
  ) throws -> Setting<Value> {
    try value(name, as: form, fallback: fallback) ?? Setting(value: fallback, origin: .default)
  }

  /// A text for a person to read, without control characters and without a key.
  func printable(_ text: String) -> String {
    SettingText.printable(text, hiding: keys) ?? SettingText.hidden
  }

  private func value<Value>(
    _ name: SettingName, as form: SettingForm<Value>, fallback: Value?
  ) throws -> Setting<Value>? {
    guard let setting = found[name] else { return nil }
    let text = setting.value.revealed
    let isWrong = text.isEmpty || (!form.isKey && SettingText.holdsKey(text, keys))
    if let value = isWrong ? nil : form.parse(text) {
      return Setting(value: value, origin: setting.origin)
    }
    let shown = form.shows(text) ? SettingText.printable(text, hiding: keys) : nil
    let found = shown.map { "\"\($0)\"" } ?? "not usable \(SettingText.hidden)"
    let hint = fallback.map { " (default: \($0.settingText))" } ?? ""
    let message =
      switch setting.origin {
      case .flag(let flag): "\(flag) is \(found); expected \(form.expected)"
      case .file(let file, let line):
        "\(name.rawValue) is \(found) in \(file), line \(line); expected \(form.expected); "
          + "correct or remove the line\(hint)"
      case .environment, .default:
        "\(name.rawValue) is \(found) in the environment; expected \(form.expected); "
          + "correct or unset it\(hint)"
      }
    throw SettingsError(message: message)
  }

  /// The last entry of a name in a file, if it sets a value.
  private static func last(
    _ name: SettingName, in file: EnvironmentFile
  ) throws -> Setting<HiddenText>? {
    guard let entry = file.entries.last(where: { $0.name == name.rawValue }),
      let value = entry.value, !value.revealed.isEmpty
    else { return nil }
    guard !entry.refersToVariable else {
      throw SettingsError(
        message: "\(name.rawValue) in \(file.name), line \(entry.line) refers to a variable by "
          + "${…}, which is not supported: a file could so borrow a key of your environment; write "
          + "the value itself, or put it in single quotes if it is meant as it stands")
    }
    return Setting(value: value, origin: .file(file.name, line: entry.line))
  }
}
