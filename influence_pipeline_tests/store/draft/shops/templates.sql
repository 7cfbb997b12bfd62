-- As Odoo does: partners and users, products of templates, currencies in a table beside.
create table res_partner(id serial primary key, name text, email text, phone text, active boolean default true, customer_rank int, is_company boolean, create_date timestamp, write_date timestamp, create_uid int);
create table res_users(id serial primary key, login text, partner_id int references res_partner, active boolean, create_date timestamp);
create table res_currency(id serial primary key, name text, symbol text);
create table product_template(id serial primary key, name text, list_price numeric, active boolean, default_code text, create_date timestamp);
create table product_product(id serial primary key, product_tmpl_id int references product_template, default_code text, active boolean);
create table sale_order(id serial primary key, name text, partner_id int references res_partner, user_id int references res_users, date_order timestamp, amount_untaxed numeric, amount_tax numeric, amount_total numeric, state text, invoice_status text, currency_id int references res_currency, create_date timestamp);
create table sale_order_line(id serial primary key, order_id int references sale_order, product_id int references product_product, name text, product_uom_qty numeric, price_unit numeric, price_subtotal numeric, price_total numeric);
create table account_payment(id serial primary key, partner_id int references res_partner, amount numeric, state text);
insert into res_partner(name,email,create_date) select 'N',format('o%s@example.com',n),now() from generate_series(1,30) n;
insert into res_users(login,partner_id) values ('admin',1); insert into res_currency(name,symbol) values ('EUR','E'),('USD','D');
insert into product_template(name,list_price,active) select 'T',10,true from generate_series(1,4) n; insert into product_product(product_tmpl_id,default_code) select n%4+1,'c' from generate_series(1,6) n;
insert into sale_order(name,partner_id,user_id,date_order,amount_total,amount_untaxed,state,invoice_status,currency_id) select 'S'||n,n,1,timestamp '2026-01-01'+n*interval '1h',12,10,(array['sale','draft','cancel','done'])[n%4+1],'invoiced',n%2+1 from generate_series(1,30) n;
insert into sale_order_line(order_id,product_id,name,product_uom_qty,price_unit) select n,n%6+1,'L',1,10 from generate_series(1,30) n;
