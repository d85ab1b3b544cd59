import re

from pricing_lake.sample.catalogue import BRANDS, CATEGORIES, COLOURS, MAX_PICTURES, stock

SEED = 20240101


def test_the_same_seed_gives_the_same_products_and_another_seed_others():
    assert stock("atelier-nord", 60, SEED) == stock("atelier-nord", 60, SEED)
    assert stock("atelier-nord", 60, SEED) != stock("atelier-nord", 60, SEED + 1)


def test_two_tenants_do_not_sell_the_same_things():
    first, second = stock("atelier-nord", 60, SEED), stock("second-spin", 60, SEED)
    assert [product.base_price for product in first] != [product.base_price for product in second]


def test_product_ids_are_unique_and_fit_for_file_names():
    ids = [product.product_id for product in stock("atelier-nord", 500, SEED)]
    assert len(set(ids)) == 500
    assert all(re.fullmatch(r"[a-z]+-\d{4}", product_id) for product_id in ids)


def test_every_category_is_in_stock_with_every_kind_of_thing():
    products = stock("atelier-nord", 200, SEED)
    assert {product.noun for product in products} == {noun for category in CATEGORIES for noun in category.nouns}
    assert all(product.category.nouns[product.style] == product.noun for product in products)


def test_base_prices_scatter_around_the_category():
    products = stock("atelier-nord", 1_000, SEED)
    for category in CATEGORIES:
        prices = sorted(product.base_price for product in products if product.category is category)
        assert 0.85 * category.base_price < prices[len(prices) // 2] < 1.15 * category.base_price
        assert prices[0] > 0
        assert prices[0] < prices[-1]


def test_a_product_has_one_to_three_pictures_and_two_colours():
    products = stock("atelier-nord", 200, SEED)
    assert {product.pictures for product in products} == set(range(1, MAX_PICTURES + 1))
    assert all(product.colour is not product.accent for product in products)


def test_names_in_the_catalogue_are_unique():
    for names in ([b.name for b in BRANDS], [c.name for c in CATEGORIES], [c.name for c in COLOURS]):
        assert len(set(names)) == len(names)
    assert len(BRANDS) == 25
    assert len(CATEGORIES) == 10
