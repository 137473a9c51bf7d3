// Text that may be a secret. Held by everything here that carries a value as it was found; revealed
// only to parse it, and a key to the client that sends it.

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
