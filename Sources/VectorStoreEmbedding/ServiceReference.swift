// How a service is reached, as a collection remembers it: never with a key.

/// Where the service of a collection is, so that it can be asked again without being named again.
///
/// Its model and the length of its vectors are those of the collection's space. A key is never part of it.
package struct ServiceReference: Sendable, Hashable, Codable {
  /// The server's address, as it was given.
  package var address: String
  /// Whether a key was sent to it.
  package var wantsKey: Bool
  /// The header that the key goes in, if one was chosen: ``OpenAIConfiguration/keyHeader``.
  package var keyHeader: String?
  /// What tokens cost, if that was said: ``OpenAIConfiguration/price``.
  package var price: TokenPrice?

  /// Creates a reference from its parts.
  package init(
    address: String, wantsKey: Bool, keyHeader: String? = nil, price: TokenPrice? = nil
  ) {
    self.address = address
    self.wantsKey = wantsKey
    self.keyHeader = keyHeader
    self.price = price
  }
}
