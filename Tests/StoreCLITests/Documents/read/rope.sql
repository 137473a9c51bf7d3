--
-- PostgreSQL database dump
--

\restrict VRC9Hc1E1FM7UcgyrnX04bpHokQC87OxAvpUZCnkXFGesarLQn42kdHdxmKaTzT

-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: rope; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.rope (
    metres integer,
    use text
);


ALTER TABLE public.rope OWNER TO postgres;

--
-- Data for Name: rope; Type: TABLE DATA; Schema: public; Owner: postgres
--

INSERT INTO public.rope VALUES (12, 'to moor the raft of the travelling puppet theatre');
INSERT INTO public.rope VALUES (30, 'for the bell');


--
-- PostgreSQL database dump complete
--

\unrestrict VRC9Hc1E1FM7UcgyrnX04bpHokQC87OxAvpUZCnkXFGesarLQn42kdHdxmKaTzT

