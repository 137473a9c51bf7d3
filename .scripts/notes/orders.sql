-- Customers who ordered in the last year but not in the last three months.
SELECT c.name, max(o.placed_at) AS last_order
FROM customers c JOIN orders o ON o.customer_id = c.id
GROUP BY c.id
HAVING last_order BETWEEN date('now', '-1 year') AND date('now', '-3 months')
ORDER BY last_order DESC;
