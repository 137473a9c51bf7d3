// `import VectorStore` is enough: the values of the embedding layer that the store's interface names
// come with it.

@_exported public import VectorStoreEmbedding
