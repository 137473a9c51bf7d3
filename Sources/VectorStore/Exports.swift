// `import VectorStore` is enough: the values of the lower layers that the store's interface names come with
// it.

@_exported public import VectorStoreEmbedding
@_exported public import VectorStoreSearch
@_exported public import VectorStoreText
