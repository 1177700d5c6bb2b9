//! The ports of `app`, each kept by a system outside: DynamoDB, SQS, SNS, S3, Cognito, the embedded planner.
//!
//! One module for each system. What is stored or sent has its own types, so that the domain can change its
//! shape without the tables changing theirs. No error here prints what it carries of people: see
//! [`failure`].

pub mod aws;
pub mod cognito;
pub mod dynamodb;
pub mod failure;
pub mod geocoder;
pub mod keys;
pub mod ors;
pub mod route_provider;
pub mod s3;
pub mod sns;
pub mod sqs;
pub mod system;
pub mod web;
