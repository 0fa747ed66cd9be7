"""Any table of transactions, products, customers or subscriptions, by the names that people give their columns."""

from keepwell.unify.formats.shape import Format, columns, words

_WHO = """
customer_id: customer id | customer key | customer no | customer number | customer code | customer ref
| customer | cust id | cust no | cust | client id | client no | client number | client code | client | user id
| userid | user | member id | member no | membership id | household key | household id | household | account id
| account no | account number | account | buyer id | buyer | shopper id | shopper | guest id | guest
| patient id | donor id | donor | subscriber id | person id | contact id | consumer id | visitor id | card id
| loyalty id | loyalty card | loyalty card no | uid | cid | cust key | kundennummer | kunden nr | kunde
| client ref | id client | id cliente | cliente
email: email | purchase email | email address | e-mail | e-mail address | customer email | client email | buyer email
| user email | billing email | contact email | mail
phone: phone | phone number | phone no | telephone | telephone number | tel | customer phone | contact phone
| billing phone | telefon | telefonnummer | telephone no
mobile: mobile | mobile phone | mobile number | mobile no | cell | cell phone | cell number | handy | mobil
name: customer name | client name | buyer name | full name | name | contact name | account name
first_name: first name | given name | forename | billing first name | vorname | prenom
last_name: last name | surname | family name | billing last name | nachname | nom de famille
company: company | company name | organisation | organization | organisation name | organization name | firm
| business name | billing company | firma | societe | empresa
born: born | birth date | birthdate | date of birth | dob | birthday | geburtsdatum | geburtstag | date de naissance
| fecha de nacimiento
street: street | street address | address | address 1 | address line 1 | address line1 | billing address 1
| billing address | billing street | customer address | home address | strasse | straße | adresse | rue | direccion
street_2: address 2 | address line 2 | address line2 | billing address 2 | apartment | suite
city: city | town | billing city | customer city | shipping city | ship city | ort | stadt | ville | ciudad | suburb
postcode: postcode | post code | postal code | zip | zip code | billing postcode | billing zip | customer zip
| customer zip code prefix | shipping zip | ship postal code | plz | postleitzahl | code postal | codigo postal
region: state | province | region | county | billing state | billing province | customer state | ship state
| shipping province | bundesland
country: country | country name | country code | billing country | shipping country | customer country
| ship country | nation | land | pays
channel: channel | sales channel | order channel | source | source name | platform | store | shop | location
| outlet | medium
"""
WHO_NAMES = _WHO[: _WHO.index("channel:")]  # without the channel, which is not always the customer's
_CONSENTS = """
consent_email: accepts email marketing | accepts marketing | email consent | email marketing consent | email opt in
| email optin | opt in email | email permission | newsletter | newsletter consent | email subscribed
consent_sms: accepts sms marketing | sms consent | sms marketing consent | sms opt in | opt in sms | sms permission
consent_phone: phone consent | phone opt in | telephone consent | call consent | accepts calls
consent_post: post consent | postal consent | mail consent | catalogue consent | post opt in | accepts mail
consent: consent | marketing consent | gdpr consent | opt in | optin | marketing opt in | permission | consent given
consent_channel: consent channel | permission channel | channel
consent_at: consent date | consent at | consented at | consent timestamp | opt in date | opted in at | opt in at
| consent given at | date | timestamp
"""
_WHAT = """
product_id: product id | product key | product code | product no | product number | sku | product sku | item id
| item code | item no | item number | item sku | item key | stock code | article id | article no
| article number | article | product ref | product | item | upc | ean | asin | plu | material | artikelnummer
| artikel
description: description | product description | product name | item name | product title | item description
| item title | title | product name en | details
category: category | product category | category name | product type | type | department | product group | group
"""

SALES = Format(
    name="generic",
    role="sales",
    title="orders or order lines",
    fields=columns(
        """
date: order date | orderdate | purchase date | transaction date | invoice date | sale date | sales date
| payment date | order datetime | order timestamp | order purchase timestamp | transaction datetime
| transaction timestamp | purchase timestamp | purchase datetime | purchase time | invoice datetime | order time
| transaction time | ordered at | order created at | purchased at | created at | created on | created
| date created | paid at | completed at | processed at | date of purchase | date of order | date of sale
| date of transaction | date time | datetime | date | day | timestamp | event time | event date | booking date
| booked at | visit date | trans date | txn date | tx date | trx date | posting date | order day
| transaction day | purchase day | check in date | arrival date | donation date | gift date | when | ts | dt
| datum | bestelldatum | rechnungsdatum | kaufdatum | date commande | fecha | data
order_id: order id | order no | order number | order key | order code | order ref | order name | order
| invoice no | invoice id | invoice number | invoice | transaction id | transaction no | transaction number
| trans id | txn id | tx id | basket id | basket key | receipt id | receipt no | receipt number | receipt
| sale id | sales id | sales order number | sales order id | ticket id | ticket no | ticket number | purchase id
| booking id | booking no | booking number | reservation id | checkout id | payment id | bill no | bill id
| document no | document number | donation id | gift id | bestellnummer | bestellnr | rechnungsnummer | rechnungsnr
| auftragsnummer | auftragsnr | belegnummer | belegnr
line_id: order line id | orderline id | line item id | line id | order item id | order line item
| order line number | order line | line number | line no | sales order line number | item line
| transaction line
"""
        + _WHO
        + _WHAT
        + """
quantity: quantity | quantity purchased | qty | order quantity | quantity ordered | ordered quantity
| item quantity | units
| units sold | unit sold | number of items | no of items | item count | items | pieces | num items
| quantity sold | sales quantity | menge | quantite | cantidad
unit_price: unit price | price per unit | price each | item price | product price | unit selling price
| selling price | sale price | sales price | price | unit amount | stueckpreis | einzelpreis | prix unitaire
| precio unitario
amount: line total | amt | sales amt | order amt | total amt | line amount | line revenue | row total
| item total | net amount | total amount
| total price | total sales | total sale | total revenue | total value | total spent | total spend | amount
| sales amount | sale amount | transaction amount | transaction value | purchase amount | purchase value
| payment amount | payment value | amount paid | paid amount | paid | amount spent | spend | spent | revenue
| sales | sale | monetary value | monetary | dollar value | value | total | price total | extended price
| extended amount | turnover | gmv | subtotal | sub total | net sales | net revenue | net total | net value
| charge | charges | donation amount | gift amount | betrag | gesamtbetrag | rechnungsbetrag | umsatz | summe
| montant | importe | monto
order_total: order total | grand total base | grand total purchased | order total amount | order amount
| order value | order revenue | order price
| invoice total | invoice amount | grand total | total order value | total order amount | basket value
| basket total | cart total | checkout total
discount: discount | discount amount | line discount | item discount | discounts | total discount
| discount total | discount value | rabatt | remise
shipping: shipping | shipping and handling | shipping amount | shipping cost | shipping total | shipping charge
| shipping charged
| shipping price | shipping fee | shipping revenue | delivery | delivery fee | delivery charge | delivery cost
| postage | freight | freight value | versand
tax: tax | order tax | tax amount | taxes | total tax | tax total | sales tax | vat | vat amount | gst | mwst | tva
refund: refund | refund amount | refunded | refunded amount | amount refunded | refunds | total refunded
| refund total | returned amount | return amount
fee: payment fee | payment fees | transaction fee | processing fee | fee | fees | card fee
cost: total cost | line cost | order cost | cost total | cogs | cost of goods sold | cost of goods
| total product cost | product cost total | cost amount | cost
unit_cost: unit cost | cost per unit | cost per item | cost price | product cost | item cost | standard cost
| cost each | einkaufspreis
currency: currency | currency code | waehrung | währung | order currency | iso currency | presentment currency
status: status | order status | payment status | financial status | transaction status
weight: line weight | item weight | unit weight | product weight | weight per unit | weight | weight kg | weight in kg
| weight g | weight in g | weight grams | weight lb | weight lbs | weight in lbs | weight oz | weight in oz
| item weight kg | item weight g | item weight lbs | item weight oz | total weight | total weight kg | total weight g
| total weight lbs | order weight | gewicht | gewicht kg | gewicht in kg | gewicht g | gewicht in g
rush: rush | rush order | express | express delivery | priority | shipping method | shipping option | shipping speed
| delivery method | delivery option | ship mode | versandart
test: test | is test | test order | is test order | test mode | testmode
"""
    ),
    required=("date", "customer"),
    void=words("""cancelled | canceled | voided | void | failed | declined | unpaid | expired | abandoned | rejected
        | trash | draft | wc-cancelled | wc-failed | checkout-draft | unsuccessful"""),
    unpaid=words("""pending | pending payment | awaiting payment | on hold | on-hold | invoiced | open | due
        | outstanding"""),
    returned=words("refunded | fully refunded | full refund | wc-refunded | chargeback | charged back"),
)

PRODUCTS = Format(
    name="generic products",
    role="products",
    title="products with their price or cost",
    fields=columns(
        _WHAT.replace("description: ", "description: product name | name | title | ").replace(
            "product id |", "product id | variant sku | id |"
        )
        + """
price: price | unit price | list price | product price | selling price | retail price | sale price | sales price
| msrp | rrp | standard price | variant price | unit retail
unit_cost: cost | unit cost | product cost | cost price | standard cost | cost per item | cost per unit | cogs
| cost of goods | item cost | purchase price | buying price | wholesale cost | unit wholesale | einkaufspreis
"""
    ),
    required=("product_id",),
)

CUSTOMERS = Format(
    name="generic customers",
    role="customers",
    title="customers with what is known of them",
    fields=columns(_WHO.replace("customer id |", "customer id | id |", 1) + _CONSENTS),
    required=("customer",),
)

SUBSCRIPTIONS = Format(
    name="generic subscriptions",
    role="subscriptions",
    title="subscriptions with their first and last day",
    fields=columns(
        """
date: start date | started | started at | started on | start | subscription start | subscription start date
| subscribed at | subscribed on | contract start | contract start date | membership start | member since | joined
| joined at | joined on | join date | signup date | sign up date | signed up | signed up at | activated
| activated at | activation date | valid from | begin | begin date | period start | beginn | startdatum
| vertragsbeginn | debut | date debut | fecha inicio
ended: end date | ended | ended at | ended on | end | subscription end | subscription end date | contract end
| contract end date | membership end | churn date | churned at | churned on | cancelled at | canceled at
| cancelled on | canceled on | cancel date | cancellation date | cancelled | canceled | termination date
| terminated at | terminated on | left | left at | left on | leave date | expired | expired at | valid to
| valid until | ende | enddatum | vertragsende | fin | date fin | fecha fin
subscription_id: subscription id | subscription no | subscription number | subscription | contract id | contract no
| contract number | policy id | policy no | policy number | id
period: period | interval | billing period | billing interval | billing cycle | billing frequency | payment interval
| payment frequency | frequency | term | cycle | intervall
price: price | amount | recurring amount | plan amount | subscription price | subscription amount | mrr
| monthly charge | monthly charges | monthly price | monthly fee | monthly amount | price per period | unit price
| fee | premium
| preis | beitrag | prix | precio
plan: plan | plan name | plan id | tier | package | product | product name | subscription type | membership type
| contract type | contract | tarif
reason: reason | cancellation reason | cancel reason | churn reason | reason for leaving | grund
currency: currency | currency code | waehrung | währung
status: status | state | subscription status
"""
        + _WHO.replace("region: state | province", "region: province")
    ),
    required=("date", "customer"),
    void=words("incomplete | incomplete_expired | never paid | draft"),
    over=words("canceled | cancelled | ended | expired | churned | terminated | inactive"),
)
