const articles = new Map([
  ['anvil', { title: 'Anvil, 30 kg', price: 18900 }],
  ['tongs', { title: 'Flat-jaw tongs', price: 3450 }],
  ['hammer', { title: 'Cross-peen hammer', price: 4200 }],
  ['apron', { title: 'Leather apron', price: 5990 }],
]);

export function listArticles() {
  return [...articles].map(([sku, article]) => ({ sku, ...article }));
}

export function priceOf(sku) {
  const article = articles.get(sku);
  return article === undefined ? undefined : article.price;
}
