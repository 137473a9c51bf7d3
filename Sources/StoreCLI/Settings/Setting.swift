// A value with the place it comes from. Made by SettingSources, shown by `store health`.

import VectorStore

/// The value of a setting, and where it was found.
struct Setting<Value: Sendable>: Sendable {
  var value: Value
  var origin: SettingOrigin
}

extension Setting: Equatable where Value: Equatable {}

/// Where a value comes from.
enum SettingOrigin: Sendable, Hashable {
  /// A flag of the command line, as `--mode`.
  case flag(String)
  case environment
  /// A line of a `.env` file of the working folder.
  case file(String, line: Int)
  case `default`

  /// The file, if it is one. Files come with a folder, which anyone may have made; the other places
  /// belong to the user.
  var file: String? {
    if case .file(let name, _) = self { name } else { nil }
  }
}

extension SettingOrigin: CustomStringConvertible {
  /// As `environment` or `.env.base, line 3`.
  var description: String {
    switch self {
    case .flag(let name): name
    case .environment: "environment"
    case .file(let name, let line): "\(name), line \(line)"
    case .default: "default"
    }
  }
}

/// What a setting can be.
protocol SettingValue: Sendable {
  /// The value as it is written in a setting.
  var settingText: String { get }
}

extension Int: SettingValue {
  var settingText: String { String(self) }
}

extension Double: SettingValue {
  var settingText: String {
    let text = String(self)
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Bool: SettingValue {
  var settingText: String { String(self) }
}

extension String: SettingValue {
  var settingText: String { self }
}

extension HiddenText: SettingValue {
  var settingText: String { description }
}

extension ServiceMode: SettingValue {
  var settingText: String { rawValue }
}

extension NanoDollars: SettingValue {
  var settingText: String { String(description.dropFirst()) }
}

extension ServiceAddress: SettingValue {
  var settingText: String { description }
}
