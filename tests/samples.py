"""One small file of every format that is told by its columns: realistic, written by hand, money in by hand beside it.

`SAMPLES` maps a format's name to its `Sample`. Sums are of what the file says: each amount once.
"""

# ruff: noqa: E501  (exports have long lines)

import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    """A file, its role, its rows and what money in is (None: its rows are no sales)."""

    file: str
    text: str
    role: str
    rows: int
    money: str = ""

    @property
    def data(self):
        return self.text.strip("\n").encode()


def lines(*objects):
    return "\n".join(json.dumps(one) for one in objects)


SHOPIFY_ORDERS = """
Name,Email,Financial Status,Currency,Subtotal,Shipping,Taxes,Total,Discount Amount,Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Billing Name,Billing Country,Cancelled at,Refunded Amount,Source
#1001,ann@x.org,paid,USD,22.00,4.00,2.00,28.00,3.00,2024-03-01 23:30:00 -0500,2,Mug,10.00,MUG,Ann Lee,FR,,0.00,web
#1001,ann@x.org,,,,,,,,,1,Tea,5.00,TEA,,,,,
#1002,bob@x.org,partially_refunded,USD,20.00,5.00,0.00,25.00,0.00,2024-04-01 10:00:00 +0100,1,Jug,20.00,JUG,Bob Ray,DE,,10.00,web
#1003,cy@x.org,voided,USD,30.00,0.00,0.00,30.00,0.00,2024-04-02 10:00:00 +0100,3,Mug,10.00,MUG,Cy,FR,,0.00,web
"""
SHOPIFY_CUSTOMERS = """
Customer ID,First Name,Last Name,Email,Accepts Email Marketing,Default Address Company,Default Address Address1,Default Address City,Default Address Country Code,Default Address Zip,Phone,Total Spent,Total Orders,Tags
'7210448301122,Ann,Lee,ann@x.org,yes,,1 High St,York,GB,'YO1 7HH,+44 1904 555123,43.00,2,vip
'7210448301123,Bob,Ray,bob@x.org,no,Ray Ltd,2 Low St,Bonn,DE,53111,,15.00,1,
"""
SHOPIFY_PRODUCTS = """
Handle,Title,Type,Variant SKU,Variant Price,Cost per item
mug,Mug,Cups,MUG,10.00,4.00
tea,Tea,Food,TEA,5.00,1.25
"""
SHOPIFY_PAYOUTS = """
Transaction Date,Type,Order,Card Brand,Card Source,Payout Status,Payout Date,Payout ID,Available On,Amount,Fee,Net,Checkout,Payment Method Name,Presentment Amount,Presentment Currency,Currency
2024-03-02 10:15:00 -0400,charge,#1001,visa,online,paid,2024-03-05,90001,2024-03-05,28.00,1.11,26.89,,card,28.00,USD,USD
2024-04-02 09:00:00 -0400,charge,#1002,mastercard,online,paid,2024-04-04,90002,2024-04-04,25.00,1.03,23.97,,card,25.00,USD,USD
2024-04-03 09:00:00 -0400,refund,#1002,mastercard,online,paid,2024-04-05,90003,2024-04-05,-10.00,0.00,-10.00,,card,-10.00,USD,USD
"""
WOO_REST = """
order_id,order_date,order_status,customer_id,billing_first_name,billing_last_name,billing_email,billing_phone,billing_city,billing_country,order_total,order_currency,payment_method
501,2024-02-01 10:00:00,wc-completed,11,Ann,Lee,ann@x.org,,York,GB,30.00,USD,card
502,2024-02-03 11:00:00,wc-cancelled,0,Bob,Ray,bob@x.org,,Bonn,DE,12.50,USD,card
503,2024-02-04 12:00:00,wc-processing,0,Cy,Fox,cy@x.org,,Rome,IT,7.25,USD,card
"""
WOO_ADVANCED = """
Order Number,Order Status,Order Date,Billing First Name,Billing Last Name,Billing Phone,Billing City,Payment Method Title,Cart Discount Amount,Order Shipping Amount,Order Refund Amount,Order Total Amount,SKU,Item Name,Quantity,Item Cost
601,Completed,2024-02-01 10:00,Ann,Lee,01904 555123,York,Card,2.00,3.00,0.00,21.00,MUG,Mug,2,10.00
602,Completed,2024-02-02 10:00,Bob,Ray,,Bonn,Card,0.00,0.00,5.00,15.00,TEA,Tea,1,5.00
602,Completed,2024-02-02 10:00,Bob,Ray,,Bonn,Card,0.00,0.00,5.00,15.00,MUG,Mug,1,10.00
"""
WOO_ANALYTICS = """
Date,Order #,N. Revenue (formatted),Status,Customer,Customer type,Product(s),Items sold,Coupon(s),Net Sales,Attribution
2024-02-01 10:00:00,701,$20.00,completed,Ann Lee,new,2x Mug,2,,20,Direct
2024-02-02 10:00:00,702,$5.50,completed,Bob Ray,returning,1x Tea,1,,5.5,Google
"""
WOO_DATABASE = """
ID,post_date,post_status,_order_total,_order_tax,_order_shipping,_cart_discount,_billing_email,_billing_first_name,_billing_last_name,_paid_date,_payment_method,_customer_user,_order_currency
801,2024-02-01 10:00:00,wc-completed,33.00,3.00,5.00,0,ann@x.org,Ann,Lee,2024-02-01 10:01:00,stripe,11,USD
802,2024-02-02 10:00:00,wc-completed,18.50,1.50,0,2.00,bob@x.org,Bob,Ray,2024-02-02 10:01:00,paypal,0,USD
803,2024-02-03 10:00:00,wc-failed,40.00,0,0,0,cy@x.org,Cy,Fox,,stripe,0,USD
"""
STRIPE_V1 = """
id,Description,Seller Message,Created (UTC),Amount,Amount Refunded,Currency,Converted Amount,Converted Amount Refunded,Fee,Converted Currency,Status,Customer ID,Customer Email
ch_1,Pro,Payment complete.,2024-01-05 10:00,100.00,0.00,usd,100.00,0.00,3.20,usd,Paid,cus_1,ann@x.org
ch_2,Pro,Payment complete.,2024-01-06 23:30,50.00,20.00,usd,50.00,20.00,1.75,usd,Refunded,cus_2,bob@x.org
ch_3,Pro,Declined.,2024-01-07 10:00,80.00,0.00,usd,80.00,0.00,0.00,usd,Failed,cus_1,ann@x.org
"""
STRIPE_SUBSCRIPTIONS = """
id,Customer ID,Customer Name,Customer Email,Status,Cancellation Reason,Created (UTC),Start (UTC),Start Date (UTC),Current Period Start (UTC),Current Period End (UTC),Canceled At (UTC),Ended At (UTC),Amount,Interval,Currency
sub_1,cus_1,Ann Lee,ann@x.org,active,,2024-01-05 10:00,2024-01-05 10:00,2024-01-05 10:00,2024-06-05 10:00,2024-07-05 10:00,,,9.90,month,usd
sub_2,cus_2,Bob Ray,bob@x.org,canceled,too dear,2024-01-06 10:00,2024-01-06 10:00,2024-01-06 10:00,2024-03-06 10:00,2024-04-06 10:00,2024-03-20 09:00,2024-04-06 10:00,19.90,month,usd
"""
STRIPE_CUSTOMERS = """
id,Email,Name,Phone,Description,Created (UTC),Default Card,Card Number,Card Last 4,Card Type,Card Country,Currency,Delinquent,Total Spend
cus_1,ann@x.org,Ann Lee,+441904555123,,2024-01-05 10:00,card_1,,4242,Visa,GB,usd,false,100.00
cus_2,bob@x.org,Bob Ray,,,2024-01-06 10:00,card_2,,4444,Visa,DE,usd,false,30.00
"""
STRIPE_BALANCE = """
reporting_category,currency,count,gross,fee,net,automatic_payout_id,automatic_payout_effective_at,available_on_utc
charge,usd,2,150.00,4.95,145.05,po_1,2024-01-10 00:00:00,2024-01-09 00:00:00
refund,usd,1,-20.00,0.00,-20.00,po_1,2024-01-10 00:00:00,2024-01-09 00:00:00
"""
SQUARE_TRANSACTIONS = """
Date,Time,Time Zone,Gross Sales,Discounts,Net Sales,Tax,Tip,Total Collected,Source,Card,Fees,Net Total,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name
2024-06-01,10:15:00,Eastern Time,$30.00,-$3.00,$27.00,$2.16,$4.00,$33.16,Register,$33.16,-$1.05,$32.11,T1,P1,Payment,Main,C1,Ann Lee
2024-06-03,09:00:00,Eastern Time,-$10.00,$1.00,-$9.00,-$0.72,$0.00,-$9.72,Register,-$9.72,$0.25,-$9.47,T1,P2,Refund,Main,C1,Ann Lee
2024-06-04,09:30:00,Eastern Time,$5.00,$0.00,$5.00,$0.00,$0.00,$5.00,Register,$5.00,-$0.15,$4.85,T2,P3,Payment,Main,,
"""
SQUARE_ITEMS = """
Date,Time,Time Zone,Category,Item,Qty,Price Point Name,SKU,Modifiers Applied,Gross Sales,Discounts,Net Sales,Tax,Transaction ID,Payment ID,Event Type,Location,Customer ID,Customer Name
2024-06-01,10:15:00,Eastern Time,Cups,Mug,2,Regular,MUG-9,,$20.00,-$3.00,$17.00,$1.36,T8,P8,Payment,Main,C1,Ann Lee
2024-06-03,09:00:00,Eastern Time,Cups,Mug,-1,Regular,MUG-9,,-$10.00,$1.50,-$8.50,-$0.68,T8,P9,Refund,Main,C1,Ann Lee
"""
LOYVERSE = """
Date,Receipt number,Receipt type,Category,SKU,Item,Variant,Modifiers applied,Quantity,Gross sales,Discounts,Net sales,Cost of goods,Gross profit,Taxes,POS,Store,Cashier name,Customer name,Customer contacts,Comment,Status
6/1/24 10:15 AM,1-1001,Sale,Cups,MUG,Mug,,,2,20.00,2.00,18.00,8.00,10.00,1.44,POS 1,Main,Eve,Ann Lee,+441904555123,,Closed
6/1/24 10:15 AM,1-1001,Sale,Food,TEA,Tea,,,1,5.00,0.00,5.00,1.25,3.75,0.40,POS 1,Main,Eve,Ann Lee,+441904555123,,Closed
6/13/24 4:02 PM,1-1002,Refund,Cups,MUG,Mug,,,1,10.00,1.00,9.00,4.00,5.00,0.72,POS 1,Main,Eve,Ann Lee,+441904555123,,Closed
6/14/24 9:00 AM,1-1003,Sale,Food,TEA,Tea,,,1,5.00,0.00,5.00,1.25,3.75,0.40,POS 1,Main,Eve,,,,Cancelled
"""
MAGENTO = """
ID,"Purchase Point","Purchase Date","Bill-to Name","Ship-to Name","Grand Total (Base)","Grand Total (Purchased)",Status,"Billing Address","Shipping Address","Shipping Information","Customer Email","Customer Group",Subtotal,"Shipping and Handling","Customer Name","Payment Method","Total Refunded"
000000101,"Main Website
    Main Store
        Default","2024-02-01 10:00:00","Ann Lee","Ann Lee",56.0000,56.0000,complete,"1 High St,York,,YO1 7HH","1 High St,York,,YO1 7HH","Flat Rate",ann@x.org,General,48.0000,5.0000,"Ann Lee",checkmo,0.0000
000000102,"Main Website","2024-02-03 11:00:00","Bob Ray","Bob Ray",20.0000,20.0000,closed,"2 Low St,Bonn","2 Low St,Bonn","Flat Rate",bob@x.org,General,20.0000,0.0000,"Bob Ray",checkmo,20.0000
000000103,"Main Website","2024-02-04 12:00:00","Cy Fox","Cy Fox",15.0000,15.0000,processing,"3 Mid St,Rome","3 Mid St,Rome","Flat Rate",cy@x.org,General,10.0000,5.0000,"Cy Fox",checkmo,4.0000
000000104,"Main Website","2024-02-05 12:00:00","Cy Fox","Cy Fox",99.0000,99.0000,canceled,"3 Mid St,Rome","3 Mid St,Rome","Flat Rate",cy@x.org,General,99.0000,0.0000,"Cy Fox",checkmo,0.0000
"""
BIGCOMMERCE = """
Order ID,Order Date,Delivery Date,Order Status,Order Total,Cart Base Amount,Tax Total,Shipping Total,Refund Amount,Payment Method,First Name,Last Name,Email Address,Phone,Billing Street 1,Billing Suburb,Billing State,Billing Zip,Billing Country,Customer ID
201,02/13/2024,,Completed,$56.00,$48.00,$3.00,$5.00,$0.00,Card,Ann,Lee,ann@x.org,+441904555123,1 High St,York,,YO1 7HH,GB,31
202,02/14/2024,,Partially Refunded,$20.00,$20.00,$0.00,$0.00,$7.50,Card,Bob,Ray,bob@x.org,,2 Low St,Bonn,,53111,DE,32
203,02/15/2024,,Declined,$35.00,$35.00,$0.00,$0.00,$0.00,Card,Cy,Fox,cy@x.org,,3 Mid St,Rome,,00100,IT,0
"""
AMAZON_ORDERS = (
    """
order-id	order-item-id	purchase-date	order-status	buyer-email	buyer-name	sku	product-name	quantity-purchased	currency	item-price	item-tax	shipping-price	shipping-tax	item-promotion-discount	ship-promotion-discount	ship-city	ship-state	ship-postal-code	ship-country
111-0000001-0000001	5001	2024-03-01T08:12:45+00:00	Shipped	q1w2@marketplace.amazon.com	Ann Lee	MUG	"""
    """Mug, stoneware	2	USD	20.00	1.60	4.00	0.32	2.00	1.00	York	ME	03909	US
111-0000001-0000001	5002	2024-03-01T08:12:45+00:00	Shipped	q1w2@marketplace.amazon.com	Ann Lee	TEA	Tea	1	USD	5.00	0.40	0.00	0.00	0.00	0.00	York	ME	03909	US
111-0000002-0000002	5003	2024-03-02T09:00:00+00:00	Cancelled	e3r4@marketplace.amazon.com	Bob Ray	TEA	Tea	1	USD	5.00	0.40	0.00	0.00	0.00	0.00	Bonn	TX	75418	US
"""
)
AMAZON_DATE_RANGE = """
"Includes Amazon Marketplace, Fulfillment by Amazon (FBA), and Amazon Webstore transactions"
"All amounts in USD, unless specified"
"Definitions:"
"Sales tax collected: Includes sales tax collected from buyers for product sales, shipping, and gift wrap."
"date/time","settlement id","type","order id","sku","description","quantity","marketplace","account type","fulfillment","order city","order state","order postal","tax collection model","product sales","product sales tax","shipping credits","shipping credits tax","gift wrap credits","giftwrap credits tax","Regulatory Fee","Tax On Regulatory Fee","promotional rebates","promotional rebates tax","marketplace withheld tax","selling fees","fba fees","other transaction fees","other","total"
"Sep 4, 2024 1:05:07 AM PDT","1001","Order","112-1111111-1111111","MUG","Mug, stoneware","2","amazon.com","Standard Orders","Seller","Testville","CA","00000","MarketplaceFacilitator","76.00","6.08","5.00","0","0","0","0","0","-4.00","0","-6.08","-11.55","-3.20","0","0","62.25"
"Sep 9, 2024 3:00:00 PM PDT","1001","Refund","112-1111111-1111111","MUG","Mug, stoneware","1","amazon.com","Standard Orders","Seller","Testville","CA","00000","MarketplaceFacilitator","-38.00","-3.04","0","0","0","0","0","0","2.00","0","3.04","4.62","0","0","0","-31.38"
"Sep 15, 2024 12:00:00 AM PDT","1001","Service Fee","","","Cost of Advertising","","","","","","","","","0","0","0","0","0","0","0","0","0","0","0","0","0","0","-12.00","-12.00"
"Sep 16, 2024 12:00:00 AM PDT","1001","Transfer","","","To account ending in: 000","","","","","","","","","0","0","0","0","0","0","0","0","0","0","0","0","0","0","-18.87","-18.87"
"""
ETSY = """
Sale Date,Item Name,Buyer,Quantity,Price,Coupon Code,Discount Amount,Shipping Discount,Order Shipping,Order Sales Tax,Item Total,Currency,Transaction ID,Listing ID,Date Paid,Date Shipped,Ship Name,Ship Address1,Ship City,Ship State,Ship Zipcode,Ship Country,Order ID,Variations,Order Type,Payment Type,InPerson Discount,VAT Paid by Buyer,SKU
09/13/24,Speckled Mug,annlee,2,38.00,AUTUMN,6.00,0.00,5.00,5.60,76.00,USD,4001,7001,09/13/2024,09/14/2024,Ann Lee,1 High St,York,ME,03909,United States,3001,,online,online_cc,,0,MUG
09/13/24,Fern Print,annlee,1,20.00,,0.00,0.00,5.00,5.60,20.00,USD,4002,7002,09/13/2024,09/14/2024,Ann Lee,1 High St,York,ME,03909,United States,3001,,online,online_cc,,0,FERN
09/15/24,Fern Print,bobray,1,20.00,,0.00,0.00,4.00,0,20.00,USD,4003,7002,09/15/2024,,Bob Ray,2 Low St,Bonn,,53111,Germany,3002,,online,online_cc,,4.56,FERN
"""
GUMROAD = """
Purchase ID,Item Name,Buyer Name,Purchase Email,Purchase Date,Purchase Time (UTC timezone),Subtotal ($),Taxes ($),Shipping ($),Sale Price ($),Fees ($),Net Total ($),Refunded?,Partial Refund ($),Fully Refunded?,Discount Code,Country,Quantity
g1,Planner,Ann Lee,ann@x.org,2024-09-02,10:00,12.00,0.00,0.00,12.00,1.85,10.15,0,0.0,0,,United States,1
g2,Planner,Bob Ray,bob@x.org,2024-09-05,11:00,12.00,0.96,0.00,12.96,1.85,11.11,1,2.96,0,FALL,Canada,1
g3,Tracker,Cy Fox,cy@x.org,2024-09-09,12:00,8.00,0.00,0.00,8.00,1.30,6.70,1,0.0,1,,United States,1
"""
EBAY = """
"Transaction report"
"Start date","2024-09-01"
"End date","2024-09-30"
""
"Transaction creation date","Type","Order number","Legacy order ID","Buyer username","Buyer name","Ship to city","Ship to province/region/state","Ship to zip","Ship to country","Net amount","Payout currency","Payout date","Payout ID","Payout method","Payout status","Reason for hold","Item ID","Transaction ID","Item title","Custom label","Quantity","Item subtotal","Shipping and handling","Seller collected tax","eBay collected tax","Final Value Fee - fixed","Final Value Fee - variable","Very high ""item not as described"" fee","Below standard performance fee","International fee","Gross transaction amount","Transaction currency","Exchange rate","Reference ID","Description"
"Sep 5, 2024","Order","12-00000-00001","100-1","ann_buys","Ann Lee","Testville","CA","00000","US","21.46","USD","Sep 7, 2024","P1","Bank","Paid","--","200001","300001","Fern Print","FERN","1","20.00","5.00","0","1.60","-0.30","-3.24","--","--","--","26.60","USD","--","--","--"
"Sep 6, 2024","Shipping label","12-00000-00001","--","--","--","--","--","--","--","-4.10","USD","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","USD","--","L1","USPS"
"Sep 9, 2024","Refund","12-00000-00001","100-1","ann_buys","Ann Lee","Testville","CA","00000","US","-8.38","USD","Sep 11, 2024","P2","Bank","Paid","--","200001","300001","Fern Print","FERN","1","-10.00","0","0","-0.80","0","1.62","--","--","--","-10.80","USD","--","--","--"
"Sep 20, 2024","Other fee","--","--","--","--","--","--","--","--","-1.50","USD","--","--","--","--","--","--","--","Promoted Listings - General fee","--","--","--","--","--","--","--","--","--","--","--","--","USD","--","F1","--"
"Sep 22, 2024","Payout","--","--","--","--","--","--","--","--","-7.48","USD","Sep 22, 2024","P2","Bank","Paid","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","--","USD","--","--","--"
"""
ONLINE_RETAIL = """
InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
536365,85123A,WHITE HANGING HEART,6,12/1/2010 8:26,2.55,17850.0,United Kingdom
536366,22633,HAND WARMER,6,12/1/2010 8:28,1.85,17850.0,United Kingdom
C536379,85123A,WHITE HANGING HEART,-1,12/13/2010 9:41,2.55,17850.0,United Kingdom
"""
CDNOW = """
customer_id,date,number_of_cds,dollar_value
1,1997-01-01,1,11.77
2,1997-01-12,5,77.00
"""
KLAVIYO_PROFILES = """
Email,Klaviyo ID,First Name,Last Name,Organization,Title,Phone Number,Address,Address 2,City,State / Region,Country,Zip Code,Source,Email Marketing Consent,SMS Consent Timestamp,First Active,Last Active,Profile Created On,Historic Customer Lifetime Value,Total Customer Lifetime Value
ann@x.org,01H1,Ann,Lee,,,+441904555123,1 High St,,York,,United Kingdom,YO1 7HH,Form,SUBSCRIBED,2024-01-02 10:00:00,2024-01-02,2024-03-01,2024-01-02,58.00,80.00
bob@x.org,01H2,Bob,Ray,Ray Ltd,,,2 Low St,,Bonn,,Germany,53111,Form,UNSUBSCRIBED,,2024-01-03,2024-02-01,2024-01-03,15.00,20.00
"""
KLAVIYO_CAMPAIGNS = """
Campaign Name,Subject,List,Send Time,Send Weekday,Total Recipients,Unique Placed Order,Placed Order Rate,Revenue,Unique Opens,Open Rate,Unique Clicks,Click Rate,Unsubscribes,Bounces,Campaign ID,Campaign Channel
Spring,Spring is here,Main,2024-03-01 09:00:00,Friday,1200,12,1.00%,"1,340.50",400,33.33%,90,7.50%,3,5,01C1,email
Summer,Summer sale,Main,2024-06-01 09:00:00,Saturday,1300,20,1.54%,"2,100.00",500,38.46%,120,9.23%,6,4,01C2,email
"""
KLAVIYO_EVENTS = lines(
    {
        "event": "Placed Order",
        "time": 1709287200,
        "customer_properties": {"$email": "ann@x.org", "$first_name": "Ann", "$last_name": "Lee", "$city": "York"},
        "properties": {
            "$event_id": "9001",
            "$value": 23.0,
            "Discount Code": "SPRING",
            "Discount Value": 2,
            "Items": [
                {
                    "ProductID": "1",
                    "SKU": "MUG",
                    "ProductName": "Mug",
                    "Quantity": 2,
                    "ItemPrice": 10.0,
                    "RowTotal": 20.0,
                },
                {
                    "ProductID": "2",
                    "SKU": "TEA",
                    "ProductName": "Tea",
                    "Quantity": 1,
                    "ItemPrice": 5.0,
                    "RowTotal": 5.0,
                },
            ],
        },
    },
    {
        "event": "Opened Email",
        "time": 1709287300,
        "customer_properties": {"$email": "bob@x.org"},
        "properties": {"Campaign Name": "Spring"},
    },
    {
        "event": "Refunded Order",
        "time": 1709887300,
        "customer_properties": {"$email": "ann@x.org"},
        "properties": {"$event_id": "9001", "$value": 10.0},
    },
)
SEGMENT_EVENTS = lines(
    {
        "type": "track",
        "event": "Product Viewed",
        "userId": "u1",
        "messageId": "m0",
        "timestamp": "2024-03-01T10:00:00.000Z",
        "properties": {"product_id": "MUG", "price": 10.00, "name": "Mug", "tags": ["new", "blue"]},
    },
    {
        "type": "track",
        "event": "Order Completed",
        "userId": "u1",
        "messageId": "m1",
        "timestamp": "2024-03-01T10:05:00.000Z",
        "context": {"traits": {"email": "ann@x.org"}},
        "properties": {
            "order_id": "A-1",
            "total": 29.10,
            "subtotal": 23.00,
            "revenue": 23.00,
            "shipping": 4.00,
            "tax": 2.10,
            "discount": 2.00,
            "currency": "USD",
            "products": [
                {"product_id": "1", "sku": "MUG", "name": "Mug", "price": 10.00, "quantity": 2},
                {"product_id": "2", "sku": "TEA", "name": "Tea", "price": 5.00, "quantity": 1},
            ],
        },
    },
    {
        "type": "track",
        "event": "Order Refunded",
        "userId": "u1",
        "messageId": "m2",
        "timestamp": "2024-03-05T10:05:00.000Z",
        "properties": {"order_id": "A-1", "total": 10.00, "currency": "USD"},
    },
    {
        "type": "track",
        "event": "Order Completed",
        "anonymousId": "anon",
        "messageId": "m3",
        "timestamp": "2024-03-06T10:05:00.000Z",
        "properties": {"order_id": "A-2", "total": 7.5, "currency": "USD"},
    },
)
HUBSPOT_CONTACTS = """
Record ID,First Name,Last Name,Email,Phone Number,Mobile Phone Number,Job Title,Company Name,Associated Company IDs,Contact owner,Lifecycle Stage,Lead Status,Country/Region,Create Date,Last Activity Date
101,Ann,Lee,ann@x.org,+441904555123,,Buyer,Lee & Co,901,Eve,Customer,,United Kingdom,2024-01-02 10:00,2024-03-01 10:00
102,Bob,Ray,bob@x.org,,,CEO,Ray Ltd,902,Eve,Lead,,Germany,2024-01-03 10:00,
"""
HUBSPOT_COMPANIES = """
Record ID,Company name,Company owner,Domain,Industry,City,Country/Region,Create Date
901,Lee & Co,Eve,lee.example,Retail,York,United Kingdom,2024-01-02 10:00
902,Ray Ltd,Eve,ray.example,Retail,Bonn,Germany,2024-01-03 10:00
"""
HUBSPOT_DEALS = """
Record ID,Deal Name,Deal Stage,Pipeline,Amount,Close Date,Create Date,Deal owner,Associated Company IDs,Associated Contact IDs
7001,Lee: 40 mugs,Closed Won,Sales,1200.00,2024-03-10 10:00,2024-02-01 10:00,Eve,901,101;103
7002,Ray: tea,Closed Lost,Sales,300.00,2024-03-12 10:00,2024-02-03 10:00,Eve,902,102
7003,Ray: jugs,Qualified,Sales,,,2024-03-03 10:00,Eve,902,
"""
SALESFORCE = """
Opportunity ID,Account ID,Opportunity Name,Account Name,Stage,Amount,Close Date,Probability (%),Created Date,Owner
0061,0011,Lee renewal,Lee & Co,Closed Won,$800.00,3/21/2024,100,2/1/2024,Eve
0062,0012,Ray trial,Ray Ltd,Prospecting,$50.00,6/30/2024,10,3/2/2024,Eve
"""

SAMPLES = {
    "shopify orders": Sample("shopify_orders.csv", SHOPIFY_ORDERS, "sales", 4, "43.00"),  # 28 + 25 - 10, one void
    "shopify customers": Sample("shopify_customers.csv", SHOPIFY_CUSTOMERS, "customers", 2),
    "shopify products": Sample("shopify_products.csv", SHOPIFY_PRODUCTS, "products", 2),
    "shopify payouts": Sample("shopify_payouts.csv", SHOPIFY_PAYOUTS, "payouts", 3),
    "woocommerce": Sample("woo.csv", WOO_REST, "sales", 3, "37.25"),  # 30 + 7.25, one cancelled
    "woocommerce advanced": Sample("woo_advanced.csv", WOO_ADVANCED, "sales", 3, "31.00"),  # 21 + 15 - 5
    "woocommerce analytics": Sample("woo_analytics.csv", WOO_ANALYTICS, "sales", 2, "25.50"),
    "woocommerce database": Sample("woo_database.csv", WOO_DATABASE, "sales", 3, "51.50"),  # 33 + 18.50, one failed
    "stripe payments v1": Sample("stripe_v1.csv", STRIPE_V1, "sales", 3, "130.00"),  # 100 + 50 - 20, one failed
    "stripe payments v2": Sample("stripe_v2.csv", STRIPE_V1.replace("Created (UTC)", "Created date (UTC)").replace("Seller Message", "Is Link").replace("ch_", "py_"), "sales", 3, "130.00"),
    "stripe subscriptions": Sample("stripe_subscriptions.csv", STRIPE_SUBSCRIPTIONS, "subscriptions", 2),
    "stripe customers": Sample("stripe_customers.csv", STRIPE_CUSTOMERS, "customers", 2),
    "stripe balance": Sample("stripe_balance.csv", STRIPE_BALANCE, "payouts", 2),
    "square transactions": Sample("square_transactions.csv", SQUARE_TRANSACTIONS, "sales", 3, "28.44"),  # 33.16 - 9.72 + 5
    "square items": Sample("square_items.csv", SQUARE_ITEMS, "sales", 2, "9.18"),  # 17 + 1.36 - 8.50 - 0.68
    "online retail": Sample("online_retail.csv", ONLINE_RETAIL, "sales", 3, "23.85"),  # 15.30 + 11.10 - 2.55
    "cdnow": Sample("cdnow.csv", CDNOW, "sales", 2, "88.77"),
    "loyverse items": Sample("loyverse.csv", LOYVERSE, "sales", 4, "15.12"),  # 18 + 1.44 + 5 + 0.40 - 9 - 0.72, one void
    "magento2 orders": Sample("magento.csv", MAGENTO, "sales", 4, "67.00"),  # 56 + 20 - 20 + 15 - 4, one cancelled
    "bigcommerce orders": Sample("bigcommerce.csv", BIGCOMMERCE, "sales", 3, "68.50"),  # 56 + 20 - 7.50, one declined
    "amazon orders": Sample("amazon_orders.txt", AMAZON_ORDERS, "sales", 3, "28.32"),  # 20 + 1.60 + 4.32 - 3 + 5.40
    "amazon date range": Sample("amazon_date_range.csv", AMAZON_DATE_RANGE, "sales", 4, "41.00"),  # 76 + 5 - 4 - 38 + 2
    "etsy sold items": Sample("etsy.csv", ETSY, "sales", 3, "129.16"),  # 76 - 6 + 20 + 5 + 5.60 + 20 + 4 + 4.56
    "gumroad": Sample("gumroad.csv", GUMROAD, "sales", 3, "22.00"),  # 12 + 12.96 - 2.96, one returned
    "ebay": Sample("ebay.csv", EBAY, "sales", 5, "15.80"),  # 26.60 - 10.80
    "klaviyo profiles": Sample("klaviyo_profiles.csv", KLAVIYO_PROFILES, "customers", 2),
    "klaviyo campaigns": Sample("klaviyo_campaigns.csv", KLAVIYO_CAMPAIGNS, "events", 2),
    "klaviyo orders": Sample("klaviyo.jsonl", KLAVIYO_EVENTS, "sales", 4, "13.00"),  # 23 - 10
    "segment orders": Sample("segment.jsonl", SEGMENT_EVENTS, "sales", 5, "26.60"),  # 29.10 - 10 + 7.50
    "hubspot contacts": Sample("hubspot_contacts.csv", HUBSPOT_CONTACTS, "customers", 2),
    "hubspot companies": Sample("hubspot_companies.csv", HUBSPOT_COMPANIES, "customers", 2),
    "hubspot deals": Sample("hubspot_deals.csv", HUBSPOT_DEALS, "deals", 3),
    "salesforce opportunities": Sample("salesforce.csv", SALESFORCE, "deals", 2),
}  # fmt: skip
GENERIC = {
    "generic": Sample("orders.csv", "customer_id;order_date;order_id;amount;discount\nann;31/12/2023;1;1.234,50;0\nbob;01/02/2024;2;-20,00;5\n", "sales", 2),
    "generic products": Sample("products.csv", "sku,name,price,cost\nMUG,Mug,10.00,4.00\nTEA,Tea,5.00,1.25\n", "products", 2),
    "generic customers": Sample("customers.csv", "customer_id,email,name,country\n1,ann@x.org,Ann Lee,GB\n2,bob@x.org,Bob Ray,DE\n", "customers", 2),
    "generic subscriptions": Sample("subscriptions.csv", "customer,start date,end date,price,interval\n1,2024-01-01,,9.90,month\n2,2024-01-05,2024-05-05,99.00,year\n", "subscriptions", 2),
}  # fmt: skip
