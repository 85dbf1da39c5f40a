// database.mjs: a database of a test's own, where the store is PostgreSQL.
import { execFileSync, spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'

/** {env, url, drop}: env for the server; url is none for SQLite. */
export function databaseFor(store) {
  if (store !== 'postgres') return { env: {}, url: null, drop: () => {} }
  const name = `test_${randomUUID().replaceAll('-', '')}`
  execFileSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `CREATE DATABASE ${name}`])
  const url = new URL(process.env.PARLEY_TEST_POSTGRES)
  url.pathname = `/${name}`
  return { env: { PARLEY_DATABASE_URL: url.href }, url: url.href,
    drop: () => spawnSync('psql', [process.env.PARLEY_TEST_POSTGRES, '-qc', `DROP DATABASE ${name} WITH (FORCE)`]) }
}
